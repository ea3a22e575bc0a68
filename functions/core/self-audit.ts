/** What a VM's call changed, as far as it may be written down: no text, no link, no address. */

import type { Facets } from './audit.ts';
import { parseUsage } from './budget.ts';
import { parseChannel } from './channel.ts';
import { statusIn } from './listed.ts';
import {
  ANNOTATION_CHANNEL,
  ANNOTATION_LOST_MAIL,
  ANNOTATION_MAILS,
  ANNOTATION_REPLY,
  ANNOTATION_USAGE,
  ANNOTATION_WELCOME,
  ANNOTATION_WRONG_PHONE_MAIL,
} from './observed.ts';
import { parseWelcome } from './welcome.ts';

const MAILS = {
  welcome: ANNOTATION_WELCOME,
  lostMail: ANNOTATION_LOST_MAIL,
  wrongPhoneMail: ANNOTATION_WRONG_PHONE_MAIL,
};

const known = (all: Readonly<Record<string, string | number | undefined>>): Facets =>
  Object.fromEntries(
    Object.entries(all).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );

/** The plane's notes on an agent: the annotations of its config secret. */
export function facetsOfNotes(annotations: Readonly<Record<string, string>>): Facets {
  const usage = parseUsage(annotations[ANNOTATION_USAGE]);
  const status = statusIn({ annotations });
  const channel = parseChannel(annotations[ANNOTATION_CHANNEL]);
  const phases = Object.entries(MAILS).map(([key, annotation]) => {
    return [key, parseWelcome(annotations[annotation])?.phase] as const;
  });
  const left = /^\d+/.exec(annotations[ANNOTATION_MAILS] ?? '')?.[0];
  return known({
    month: usage?.month,
    usd: usage?.usd,
    sharedKey: usage && (usage.withdrawn ? 'closed' : 'open'),
    vm: status?.state,
    vmConfig: status?.configVersion,
    vmKey: status?.key,
    channel: channel?.event,
    ...Object.fromEntries(phases),
    mailsLeft: left === undefined ? undefined : Number(left),
    repliedAt: annotations[ANNOTATION_REPLY],
  });
}
