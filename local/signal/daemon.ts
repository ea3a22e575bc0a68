/**
 * What a signal-cli daemon does for one account, by JSON-RPC, without a network
 * (signal-cli-jsonrpc(5), https://github.com/AsamK/signal-cli/blob/master/man/signal-cli-jsonrpc.5.adoc).
 */

import { z } from 'zod';
import type { Changes } from '../changes.ts';

/** A person on Signal. */
export interface SignalUser {
  /** `+15551234567` */
  readonly number: string;
  readonly name: string;
}

export interface SentMessage {
  /** Milliseconds since 1970: what Signal names a message by. */
  readonly timestamp: number;
  readonly recipient: string;
  readonly message: string;
}

export interface Account {
  readonly number: string;
  /** What the account sent, in order. */
  readonly sent: SentMessage[];
  /** Messages that it marked as read, by timestamp. */
  readonly read: Set<number>;
  /** Received while nobody listened. */
  readonly waiting: object[];
  lastTimestamp: number;
  readonly changes: Changes;
}

/** A JSON-RPC error. */
export class RpcError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

const recipients = z.looseObject({
  recipient: z.array(z.string().regex(/^\+\d{7,15}$/)).length(1),
});
const sending = recipients.extend({ message: z.string().min(1) });
const reading = recipients.extend({
  targetTimestamp: z.number(),
  type: z.enum(['read', 'viewed']),
});
const reacting = recipients.extend({ emoji: z.string().min(1), targetTimestamp: z.number() });

/** Signal names messages by their time: no two of an account are the same. */
function newTimestamp(account: Account, now: number): number {
  account.lastTimestamp = Math.max(now, account.lastTimestamp + 1);
  return account.lastTimestamp;
}

const sentTo = (recipient: string, timestamp: number) => ({
  timestamp,
  results: [{ recipientAddress: { number: recipient }, type: 'SUCCESS' }],
});

type Method = (account: Account, params: unknown, now: number) => object;

/** What OpenClaw's Signal channel calls; anything else is signal-cli's own "Method not implemented". */
export const METHODS: Readonly<Record<string, Method>> = {
  send(account, params, now) {
    const { message, recipient } = sending.parse(params);
    const [to = ''] = recipient;
    const timestamp = newTimestamp(account, now);
    account.sent.push({ timestamp, recipient: to, message });
    account.changes.emit('change');
    return sentTo(to, timestamp);
  },
  sendReceipt(account, params, now) {
    const { targetTimestamp, recipient } = reading.parse(params);
    account.read.add(targetTimestamp);
    return sentTo(recipient[0] ?? '', newTimestamp(account, now));
  },
  sendReaction(account, params, now) {
    const { recipient } = reacting.parse(params);
    return sentTo(recipient[0] ?? '', newTimestamp(account, now));
  },
  sendTyping(_account, params) {
    recipients.parse(params);
    return {};
  },
};

/** Somebody's message to the account, as the daemon tells it. */
export function messageTo(account: Account, from: SignalUser, message: string, now: number) {
  const timestamp = newTimestamp(account, now);
  const source = { source: from.number, sourceNumber: from.number, sourceName: from.name };
  return {
    envelope: {
      ...{ ...source, sourceDevice: 1, timestamp },
      dataMessage: { timestamp, message, expiresInSeconds: 0, viewOnce: false },
    },
    account: account.number,
  };
}
