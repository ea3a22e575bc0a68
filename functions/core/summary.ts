/**
 * What a list shows of an agent's document, kept as an annotation beside the intent: a list reads
 * annotations by the thousand in one call, and documents one by one. Numbers are masked in it.
 */

import type { z } from 'zod';
import { agent } from '../../contracts/agent.ts';
import type { ConfigDocument } from '../../contracts/config-document.ts';
import { canonicalJson } from './canonical.ts';
import { maskPhone } from './redact.ts';

export const ANNOTATION_SUMMARY = 'agents-plane-summary';

const summary = agent.pick({
  user: true,
  userPhone: true,
  whatsappNumber: true,
  whatsapp: true,
  model: true,
  budget: true,
  profile: true,
  timezone: true,
});
export type Summary = z.infer<typeof summary>;

export function summaryOf(document: ConfigDocument): Summary {
  const { user, userPhone, whatsappNumber, whatsapp, model, budget, profile, timezone } = document;
  const number = whatsappNumber === undefined ? {} : { whatsappNumber: maskPhone(whatsappNumber) };
  const phone = maskPhone(userPhone);
  return { user, userPhone: phone, ...number, whatsapp, model, budget, profile, timezone };
}

export const formatSummary = (document: ConfigDocument): string =>
  canonicalJson(summaryOf(document));

/** Undefined when nothing was written yet, or the text is not ours. */
export function parseSummary(text: string | undefined): Summary | undefined {
  try {
    return summary.safeParse(JSON.parse(text ?? '')).data;
  } catch {
    return undefined;
  }
}
