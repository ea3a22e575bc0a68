/**
 * A key that the owner mails: found in a reply to the plane's address, stored like one from a
 * chat, and the mail binned. The plane hands a reply over once and keeps nothing of it.
 */

import { repliesAnswer } from '../../contracts/owner-mail.ts';
import { PlaneError } from '../../contracts/plane-error.ts';
import { VM_API_PATHS } from '../../contracts/vm-api.ts';
import type { Facts } from '../core/facts.ts';
import { type HandedOver, handOver, isStored, type Replies } from '../core/hand-over.ts';
import type { Layout } from '../core/layout.ts';
import { callPlane } from '../google/plane.ts';
import type { Host } from '../host.ts';
import { KeyError, storeKey } from './store-key.ts';

const SUBJECT = 'Your API key';
/** Their mail stays, and they are tried again at the next look. */
const LATER: ReadonlySet<string> = new Set(['unchecked', 'not-stored']);

function repliesOf(host: Host, layout: Layout): Replies {
  const text = host.read(`${layout.plugin}/replies.json`);
  if (text === undefined)
    throw new PlaneError('FAILED_PRECONDITION', 'This machine was never bootstrapped.');
  return JSON.parse(text) as Replies;
}

async function store(host: Host, layout: Layout, facts: Facts, key: string) {
  try {
    return (await storeKey(host, layout, facts, key)).outcome;
  } catch (error) {
    return error instanceof KeyError ? error.outcome : 'not-stored';
  }
}

/** Theirs goes, and they are told, in one call: the plane answers each mail of theirs once. */
async function finish(
  host: Host,
  facts: Facts,
  id: string,
  { outcome }: HandedOver,
  replies: Replies,
): Promise<void> {
  const answer = { subject: SUBJECT, text: `${replies[outcome]}\n\n${replies.binned}\n` };
  await callPlane(host, facts.planeUrl, VM_API_PATHS.forgetReply, { id, answer });
}

async function forget(host: Host, facts: Facts, ids: readonly string[]): Promise<void> {
  for (const id of ids) await callPlane(host, facts.planeUrl, VM_API_PATHS.forgetReply, { id });
}

/**
 * One look, the oldest mail first: of several keys the one that was sent last stays, as a newer
 * version destroys the older ones. A key that could not be checked, with a later one stored, is
 * superseded: its mail is binned without a word, or the next look would put it in the later one's place.
 * @param seen ids of replies that hold no key
 * @returns the ids to leave out the next time
 * @throws PlaneError when the plane does not answer
 */
export async function takeMailedKeys(
  host: Host,
  layout: Layout,
  facts: Facts,
  seen: readonly string[],
): Promise<string[]> {
  const replies = repliesOf(host, layout);
  const answer = await callPlane(host, facts.planeUrl, VM_API_PATHS.mailReplies, { seen });
  const without: string[] = [];
  const left: string[] = [];
  for (const { id, text } of repliesAnswer.parse(answer).mails.toReversed()) {
    const handed = await handOver(text, facts.provider, replies, (key) =>
      store(host, layout, facts, key),
    );
    if (handed === undefined) {
      without.push(id);
      continue;
    }
    host.log(`agent: an API key was mailed: ${handed.outcome}`);
    if (LATER.has(handed.outcome)) left.push(id);
    else await finish(host, facts, id, handed, replies);
    if (isStored(handed)) await forget(host, facts, left.splice(0));
  }
  return [...without, ...seen];
}
