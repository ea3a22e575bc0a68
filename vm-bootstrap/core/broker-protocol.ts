/**
 * What the gateway's user may ask of the broker: one JSON line each way on the Unix socket.
 * Exactly these requests exist.
 */

import { z } from 'zod';
import { addedChannel } from '../../contracts/channels.ts';
import { inboxRequest, mailReference } from '../../contracts/owner-mail.ts';
import { ERROR_CODES } from '../../contracts/plane-error.ts';
import { mailRequest } from '../../contracts/vm-api.ts';

export const brokerRequest = z.discriminatedUnion('command', [
  z.strictObject({
    command: z.literal('store-key'),
    key: z.string().min(1).max(4096),
    /** False: answer as soon as it is stored; our plugin, which the gateway waits for. */
    wait: z.boolean().default(true),
  }),
  z.strictObject({ command: z.literal('mail'), mail: mailRequest }),
  z.strictObject({ command: z.literal('mail-inbox'), inbox: inboxRequest }),
  z.strictObject({ command: z.literal('mail-read'), mail: mailReference }),
  z.strictObject({ command: z.literal('mail-delete'), mail: mailReference }),
  z.strictObject({
    command: z.literal('channel-add'),
    channel: addedChannel,
    /** One line of standard input each; which is which shows in its shape. */
    tokens: z.array(z.string().max(512)).max(4),
    /** `--sent`: instead, those that the owner sent in a chat. */
    sent: z.boolean().default(false),
    /** `--owner`, `--account`, `--daemon`, as far as given. */
    owner: z.string().max(64).optional(),
    account: z.string().max(32).optional(),
    daemon: z.string().max(200).optional(),
  }),
  /** Our plugin's: bot tokens that it took out of a chat. */
  z.strictObject({
    command: z.literal('hold-tokens'),
    tokens: z.array(z.string().max(512)).min(1).max(8),
  }),
  z.strictObject({ command: z.literal('channel-list') }),
  z.strictObject({ command: z.literal('channel-remove'), channel: addedChannel }),
]);
export type BrokerRequest = z.infer<typeof brokerRequest>;

/** What became of a key that was to be stored. Only the first four mean that it is stored. */
const KEY_OUTCOMES = [
  /** Stored; the gateway takes it at once (asked not to wait for that). */
  'stored',
  /** Stored, and the running gateway uses it. */
  'in-use',
  /** Stored; the gateway could not take it while running and restarts. */
  'restarting',
  /** It was stored and in use before. */
  'unchanged',
  /** Not one word of printable characters. */
  'not-a-key',
  /** Of a provider that this agent's model is not of. */
  'other-provider',
  /** The provider says that it is not valid. */
  'refused',
  /** The provider could not be asked. */
  'unchecked',
  /** Checked, and could not be stored. */
  'not-stored',
] as const;
export type KeyOutcome = (typeof KEY_OUTCOMES)[number];

const outcome = z.enum(KEY_OUTCOMES).optional();

/** `message` is a sentence that the model can pass on to its owner as it stands. */
export const brokerAnswer = z.discriminatedUnion('ok', [
  z.strictObject({ ok: z.literal(true), message: z.string(), outcome }),
  z.strictObject({ ok: z.literal(false), code: z.enum(ERROR_CODES), message: z.string(), outcome }),
]);
export type BrokerAnswer = z.infer<typeof brokerAnswer>;

/** Bytes of an answer: a mail of 20 000 characters, JSON-escaped. */
export const ANSWER_MAX = 200_000;

/** Bytes of a request: the longest mail, JSON-escaped. */
export const REQUEST_MAX = 200_000;

/** Systemd's instance name of an accepted Unix connection: COUNT-PID-UID (systemd.socket(5)). */
const PEER = /^\d+-(\d+)-(\d+)$/;

/** Uid of the peer, or undefined when systemd could not tell. */
export function peerUid(instance: string): number | undefined {
  const uid = PEER.exec(instance)?.[2];
  return uid === undefined ? undefined : Number(uid);
}
