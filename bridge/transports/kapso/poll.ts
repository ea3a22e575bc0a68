/**
 * Asking Kapso what came. The list begins with the newest, and a message may show up late: each
 * poll looks back a little before the newest that was seen, follows the pages to their end, hands
 * over the oldest first, and leaves it to the inbox to know what it has.
 */

import { z } from 'zod';
import { IDS_KEPT_MS, type InboundMessage } from '../../message.ts';
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
/** What is older may be forgotten by the inbox, and would be taken for new. */
const OLDEST_MS = IDS_KEPT_MS - 24 * 3_600_000;
/** Pages that are kept in memory: 1,000 messages, some 2 MB. */
const KEPT_PAGES = 10;
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

interface Page {
  readonly messages: readonly InboundMessage[];
  /** Of the page after it; undefined on the last. */
  readonly after: string | undefined;
}

/** @throws Error when Kapso does not answer with a list */
async function readPage(
  options: PollOptions,
  since: Date,
  after: string | undefined,
): Promise<Page> {
  const answer = await options.graph.get(`${options.phoneNumberId}/messages`, {
    direction: 'inbound',
    since: since.toISOString(),
    limit: String(PAGE_SIZE),
    ...(after && { after }),
  });
  if (answer.status !== 200) throw new Error(`Kapso answered ${answer.status}`);
  const { data, paging } = page.parse(answer.body);
  const next = data.length > 0 ? (paging?.cursors?.after ?? undefined) : undefined;
  return { messages: messagesOf(options, data), after: next };
}

/**
 * Everything since then, oldest first, in batches. Few pages are kept while they are followed to
 * their end; of many, only where each began, and they are read a second time: what comes after a
 * long outage must not have to fit into memory.
 */
async function* listSince(
  options: PollOptions,
  since: Date,
): AsyncGenerator<readonly InboundMessage[]> {
  const begins: (string | undefined)[] = [undefined];
  let kept: Page[] = [];
  let first: readonly InboundMessage[] = [];
  for (;;) {
    const read = await readPage(options, since, begins.at(-1));
    if (begins.length === 1) first = read.messages;
    kept = begins.length > KEPT_PAGES ? [] : [...kept, read];
    if (read.after === undefined) break;
    if (begins.length >= MAX_PAGES) throw new Error('Kapso lists pages without end');
    begins.push(read.after);
  }
  if (kept.length > 0) {
    yield inOrder(kept.flatMap(({ messages }) => messages));
    return;
  }
  // Longer lists begin with the newest, as Graph's do: the last page is the oldest.
  for (const begin of begins.slice(1).toReversed()) {
    yield inOrder((await readPage(options, since, begin)).messages);
  }
  // As it was: what came meanwhile has pushed its end out of today's first page.
  yield inOrder(first);
}

/** By time; messages of one second by their place in the list, whichever end it begins with. */
function inOrder(found: readonly InboundMessage[]): InboundMessage[] {
  const newestFirst = (found[0]?.at ?? 0) >= (found.at(-1)?.at ?? 0);
  const listed = newestFirst ? found.toReversed() : found;
  return listed.toSorted((a, b) => a.at - b.at);
}

/** From when a poll asks, both in milliseconds. Pure. */
export const sinceOf = (newest: number, now: number): Date =>
  new Date(Math.max(newest - LOOK_BACK_MS, now - OLDEST_MS));

/**
 * One poll. The cursor moves with the last messages alone: a poll that was cut off is made again
 * from where it began.
 * @returns how many messages Kapso listed
 */
export async function pollOnce(options: PollOptions): Promise<number> {
  const { phoneNumberId, events, now } = options;
  const name = cursorName(phoneNumberId);
  const saved = events.cursor(name);
  // Of those who wrote before the very first poll, only the last two minutes' are answered.
  const from = Number(saved ?? now());
  const since = sinceOf(from, now());
  let count = 0;
  let newest = from;
  for await (const messages of listSince(options, since)) {
    for (let at = 0; at < messages.length; at += DELIVERY_SIZE) {
      await events.deliver({ messages: messages.slice(at, at + DELIVERY_SIZE) });
    }
    count += messages.length;
    newest = Math.max(newest, messages.at(-1)?.at ?? 0);
  }
  // A clock that is ahead must not make the next poll begin in the future.
  const cursor = { name, value: String(Math.min(now(), newest)) };
  if (cursor.value !== saved) await events.deliver({ messages: [], cursor });
  return count;
}

/**
 * Before the first poll: a bridge that ends before Kapso ever answered goes on from here, and not
 * from the time of its next start.
 */
export async function rememberStart({ phoneNumberId, events, now }: PollOptions): Promise<void> {
  const name = cursorName(phoneNumberId);
  if (events.cursor(name) !== undefined) return;
  await events.deliver({ messages: [], cursor: { name, value: String(now()) } });
}
