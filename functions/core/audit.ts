/**
 * What the log keeps of every change and every refusal: who, what, which agent, the outcome, and
 * of a change what it was and what it is now. Never a key, a token or a whole phone number.
 */

import type { ConfigDocument } from '../../contracts/config-document.ts';
import type { Life } from '../../contracts/lifecycle.ts';
import { readDocument } from './document.ts';
import { intentOf } from './intent.ts';
import type { Observed } from './observed.ts';
import { maskPhone } from './redact.ts';

/** As much of an agent as may be written down. */
export type Facets = Readonly<Record<string, string | number>>;

export interface AuditChange {
  readonly before: Facets;
  readonly after: Facets;
}

/** Before a change is begun: all that is left of it when the process dies on the way. */
export interface Begun {
  /** As in `AuditEntry`. */
  readonly who: string | undefined;
  readonly what: string;
  readonly agent: string | undefined;
}

export interface AuditEntry {
  /** `change` also when it came to nothing: the outcome says so. */
  readonly audit: 'change' | 'refusal';
  /** What was proven: an address, an agent's name, or a `link`; undefined when nothing was. */
  readonly who: string | undefined;
  /** Id of the operation. */
  readonly what: string;
  readonly agent: string | undefined;
  readonly outcome: string;
  readonly before?: Facets | undefined;
  readonly after?: Facets | undefined;
}

export function facetsOf(
  document: ConfigDocument | undefined,
  intent: { readonly life: Life; readonly boot: string; readonly machine: string },
): Facets {
  const { life, boot, machine } = intent;
  const marks = { life, ...(boot && { boot }), ...(machine && { machine }) };
  if (!document) return marks;
  const { user, userPhone, whatsappNumber, whatsapp, model, budget, profile, timezone } = document;
  const number = whatsappNumber === undefined ? {} : { whatsappNumber: maskPhone(whatsappNumber) };
  const asks = whatsapp.askPhone === undefined ? {} : { askPhone: whatsapp.askPhone };
  const phone = { userPhone: maskPhone(userPhone), mode: whatsapp.mode, ...asks, ...number };
  return { ...marks, user, ...phone, model, budget, profile, timezone };
}

/** Of an agent as it was found; nothing when there was none. */
export const facetsIn = (observed: Observed): Facets =>
  observed.configSecret ? facetsOf(readDocument(observed.config?.payload), intentOf(observed)) : {};

/** Only what differs. */
export function changeBetween(before: Facets, after: Facets): AuditChange {
  const differs = (one: Facets, other: Facets): Facets =>
    Object.fromEntries(Object.entries(one).filter(([key, value]) => other[key] !== value));
  return { before: differs(before, after), after: differs(after, before) };
}
