/**
 * Webhooks that somebody else has taken, from a Pub/Sub subscription: pulled, handed over as if
 * they had come by HTTP, and acknowledged when they are on the disk (docs/decisions/063).
 * https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions/pull
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { below } from '../../../contracts/url.ts';
import type { Contact } from '../../ports.ts';
import { contactAfter } from '../contact.ts';
import { createHttpClient, type HttpClient, HttpFailure } from '../http-client.ts';
import type { OpenWebhooks, WebhookRequest } from '../webhook-server.ts';
import { createTokens } from './token.ts';

export interface QueueOptions {
  /** `projects/p/subscriptions/s` */
  readonly subscription: string;
  readonly baseUrl: string;
  readonly metadataUrl: string;
  /** Without a token, a number or a text. */
  readonly onTrouble: (reason: string) => void;
  readonly now?: () => number;
}

const pulled = z.looseObject({
  receivedMessages: z
    .array(
      z.looseObject({
        ackId: z.string(),
        message: z.looseObject({
          data: z.string().default(''),
          attributes: z.record(z.string(), z.string()).default({}),
          /** RFC 3339, UTC: it sorts as text, to the second at the least. */
          publishTime: z.string().default(''),
        }),
      }),
    )
    .default([]),
});
type Received = z.infer<typeof pulled>['receivedMessages'][number];

const byTime = ({ message: a }: Received, { message: b }: Received): number =>
  Number(a.publishTime > b.publishTime) - Number(a.publishTime < b.publishTime);

/** Webhooks to a pull: what is under way has to fit into memory, and into the deadline. */
const BATCH = 20;
/** What the HTTP client says of an answer that is longer than it takes: long webhooks, pulled together. */
const isTooLarge = (error: unknown): boolean =>
  error instanceof HttpFailure && error.code === 'TOO_LARGE';
/** Pub/Sub holds a pull that finds nothing for up to about 90 s. */
const HOLD_MS = 120_000;
const ACK_TIMEOUT_MS = 10_000;
/** After a failed pull; then doubled. */
const PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;

/**
 * The webhook as it came to whoever queued it. Nobody may publish but the plane, which checks the
 * signature first; by now it may be one of credentials that were replaced.
 */
const requestOf = ({ message }: Received): WebhookRequest => ({
  method: 'POST',
  query: new URLSearchParams(),
  headers: message.attributes,
  body: Buffer.from(message.data, 'base64'),
  verified: true,
});

function createCalls(http: HttpClient, { subscription, baseUrl, metadataUrl }: QueueOptions) {
  const tokens = createTokens(http, metadataUrl, Date.now);
  return async (method: string, body: object, timeoutMs: number): Promise<unknown> => {
    const headers = {
      authorization: `Bearer ${await tokens.take()}`,
      'content-type': 'application/json',
    };
    const url = below(baseUrl, `/v1/${subscription}:${method}`);
    const wanted = { method: 'POST', headers, body: JSON.stringify(body), timeoutMs } as const;
    const { status, text } = await http.request(url, wanted);
    if (status === 401) tokens.forget();
    if (status !== 200) throw new Error(`Pub/Sub answered ${status} to ${method}`);
    return JSON.parse(text);
  };
}

/** Takes webhooks from the subscription until it is closed. */
export const pullFrom =
  (options: QueueOptions): OpenWebhooks =>
  async (handle) => {
    const http = createHttpClient();
    const call = createCalls(http, options);
    const stopped = new AbortController();
    const { now = Date.now } = options;
    let contact: Contact = {};
    /** Webhooks still to be pulled one by one. */
    let single = 0;

    /** What its receiver refuses (it is not JSON) would be refused for ever: it is done with. */
    const take = async (received: Received): Promise<string> => {
      const { status } = await handle(requestOf(received));
      if (status >= 400) options.onTrouble(`a webhook was refused with ${status}`);
      return received.ackId;
    };
    const round = async (): Promise<void> => {
      const answer = await call('pull', { maxMessages: single > 0 ? 1 : BATCH }, HOLD_MS);
      // Pub/Sub lists them in any order; begun oldest first, they are queued so, with one fsync for all.
      const oldestFirst = pulled.parse(answer).receivedMessages.toSorted(byTime);
      const taken = await Promise.allSettled(oldestFirst.map(take));
      const ackIds = taken.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
      if (ackIds.length > 0) await call('acknowledge', { ackIds }, ACK_TIMEOUT_MS);
      single = Math.max(0, single - ackIds.length);
      if (ackIds.length < taken.length) throw new Error('a webhook could not be taken');
    };
    const loop = async (): Promise<void> => {
      let pause = PAUSE_MS;
      while (!stopped.signal.aborted) {
        try {
          await round();
          contact = contactAfter(contact, 'ok', now());
          pause = PAUSE_MS;
        } catch (error) {
          if (stopped.signal.aborted) return;
          // They come again when their deadline is over: each fits, though together they do not.
          if (isTooLarge(error)) single = BATCH;
          contact = contactAfter(contact, 'queue-failing', now());
          options.onTrouble((error as Error).message);
          await sleep(pause, undefined, { signal: stopped.signal }).catch(() => {});
          pause = Math.min(pause * 2, MAX_PAUSE_MS);
        }
      }
    };
    const running = loop();
    return {
      get contact() {
        return contact;
      },
      async close() {
        stopped.abort();
        // Ends the pull that is held open; what it would have brought is not acknowledged, and comes again.
        http.close();
        await running;
      },
    };
  };
