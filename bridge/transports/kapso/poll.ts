/**
 * Asking Kapso what came. The list begins with the newest, and a message may show up late: each
 * poll looks back a little before the newest that was seen, follows the pages to their end, hands
 * over the oldest first, and leaves it to the inbox to know what it has.
 */

import { z } from 'zod';
import type { InboundMessage } from '../../message.ts';
import type { TransportEvents } from '../../ports.ts';
import type { Graph } from '../whatsapp/graph.ts';
import { toInbound } from '../whatsapp/inbound.ts';
import { wireMessage } from '../whatsapp/wire.ts';

export interface PollOptions {
  readonly graph: Graph;
  readonly transport: string;
  readonly phoneNumberId: string;
  readonly events: TransportEvents;
  readonly now: () => number;
}

const page = z.looseObject({
  data: z.array(z.unknown()),
  paging: z
    .looseObject({
      cursors: z.looseObject({ after: z.string().nullish() }).nullish(),
    })
    .nullish(),
});

const PAGE_SIZE = 100;
/** Messages to a transaction. */
const DELIVERY_SIZE = 500;
/** Messages of one second arrive in any order, and Kapso stores some of them later than others. */
const LOOK_BACK_MS = 120_000;
/** A paging that does not end is Kapso's mistake: it must not become an endless loop of ours. */
const MAX_PAGES = 10_000;

export const cursorName = (phoneNumberId: string): string => `kapso:${phoneNumberId}:newest`;

/** What was sent to this number; Kapso's own copy of our answers is not. */
function messagesOf(options: PollOptions, data: readonly unknown[]): InboundMessage[] {
  return data.flatMap((value) => {
    const wire = wireMessage.safeParse(value).data;
    if (!wire) return [];
    const number = wire.kapso?.phone_number_id;
    if (number && number !== options.phoneNumberId) return [];
    return toInbound(options.transport, wire, {}, options.now()) ?? [];
  });
}

/** Everything since then, oldest first. @throws Error when Kapso does not answer with a list. */
async function listSince(options: PollOptions, since: Date): Promise<InboundMessage[]> {
  const { graph, phoneNumberId } = options;
  const found: InboundMessage[] = [];
  let after: string | undefined;
  for (let count = 0; count < MAX_PAGES; count++) {
    const answer = await graph.get(`${phoneNumberId}/messages`, {
      direction: 'inbound',
      since: since.toISOString(),
      limit: String(PAGE_SIZE),
      ...(after && { after }),
    });
    if (answer.status !== 200) throw new Error(`Kapso answered ${answer.status}`);
    const { data, paging } = page.parse(answer.body);
    found.push(...messagesOf(options, data));
    after = data.length > 0 ? (paging?.cursors?.after ?? undefined) : undefined;
    if (!after) return inOrder(found);
  }
  throw new Error('Kapso lists pages without end');
}

/** By time; messages of one second by their place in the list, whichever end it begins with. */
function inOrder(found: readonly InboundMessage[]): InboundMessage[] {
  const newestFirst = (found[0]?.at ?? 0) >= (found.at(-1)?.at ?? 0);
  const listed = newestFirst ? found.toReversed() : found;
  return listed.toSorted((a, b) => a.at - b.at);
}

/**
 * One poll. The cursor moves with the last messages alone: a poll that was cut off is made again
 * from where it began.
 * @returns how many messages Kapso listed
 */
export async function pollOnce(options: PollOptions): Promise<number> {
  const { phoneNumberId, events, now } = options;
  const name = cursorName(phoneNumberId);
  const saved = events.cursor(name);
  // At the very first poll nothing before now is answered: those people wrote to nobody.
  const from = saved === undefined ? now() : Number(saved);
  const since = new Date(saved === undefined ? from : Math.max(0, from - LOOK_BACK_MS));
  const messages = await listSince(options, since);
  // A clock that is ahead must not make the next poll begin in the future.
  const newest = Math.min(now(), Math.max(from, messages.at(-1)?.at ?? 0));
  for (let at = 0; at + DELIVERY_SIZE < messages.length; at += DELIVERY_SIZE) {
    await events.deliver({ messages: messages.slice(at, at + DELIVERY_SIZE) });
  }
  const rest =
    messages.length === 0 ? 0 : (Math.ceil(messages.length / DELIVERY_SIZE) - 1) * DELIVERY_SIZE;
  const cursor = { name, value: String(newest) };
  await events.deliver({ messages: messages.slice(rest), cursor });
  return messages.length;
}
