/** The stage of the demo in which the owner links WhatsApp: the page's own routes, and a phone. */

import { setTimeout as sleep } from 'node:timers/promises';
import { PlaneError } from '../../contracts/errors.ts';
import { type PairingView, pairingView } from '../../contracts/pairing-page.ts';
import type { Phone } from '../../local/whatsapp/phone.ts';

/** Milliseconds. A gateway that has just become ready takes some seconds to give a code. */
const CODE_WITHIN_MS = 60_000;
const GREETING_WITHIN_MS = 30_000;
const POLL_MS = 250;

async function ask(url: string, method: 'GET' | 'POST'): Promise<PairingView> {
  const answer = await fetch(url, { method });
  if (answer.ok || answer.status === 410) return pairingView.parse(await answer.json());
  throw new PlaneError('UNAVAILABLE', `The pairing page answered ${answer.status}`);
}

/** Looks at the page until it shows a code, asking for one as the page's script does. */
async function codeOn(link: string): Promise<string> {
  const deadline = performance.now() + CODE_WITHIN_MS;
  let asked = false;
  for (;;) {
    const wants = asked ? ('GET' as const) : ('POST' as const);
    const view = await ask(`${link}/${asked ? 'state' : 'request'}`, wants);
    asked ||= view.state !== 'asleep';
    if (view.state === 'code') return view.qr;
    if (view.state === 'dead' || view.state === 'connected') {
      throw new PlaneError('FAILED_PRECONDITION', `The pairing page says: ${view.state}`);
    }
    if (performance.now() > deadline) {
      throw new PlaneError('DEADLINE_EXCEEDED', `The pairing page shows no code: ${view.state}`);
    }
    await sleep(POLL_MS);
  }
}

/** The agent's first words, and how many milliseconds after the link they came. */
export interface Greeting {
  readonly text: string;
  readonly afterMs: number;
}

/**
 * What the owner does: opens the link of the mail, scans the code, and is greeted.
 * @throws PlaneError DEADLINE_EXCEEDED and FAILED_PRECONDITION as the page says
 */
export async function pairPhone(phone: Phone, link: string): Promise<Greeting> {
  await phone.scan(await codeOn(link));
  const linkedAt = performance.now();
  const text = await phone.until(
    'the greeting',
    ({ messages }) => messages.find((message) => message.text)?.text,
    GREETING_WITHIN_MS,
  );
  return { text, afterMs: performance.now() - linkedAt };
}

/** An answer on WhatsApp to what the owner writes to themselves. */
export async function chat(phone: Phone, text: string): Promise<string> {
  const before = phone.messages.length;
  await phone.sendToSelf(text);
  return phone.until(
    'an answer',
    ({ messages }) => messages.slice(before).find((one) => one.text && one.text !== text)?.text,
    CODE_WITHIN_MS,
  );
}

/**
 * The link behind the button of the welcome mail.
 * @param text the mail's text part
 * @throws PlaneError NOT_FOUND
 */
export function pairingLinkIn(text: string): string {
  const link = /https?:\/\/\S+\/pair\/[\w.-]+/.exec(text)?.[0];
  if (!link) throw new PlaneError('NOT_FOUND', 'The mail has no link to the pairing page');
  return link;
}
