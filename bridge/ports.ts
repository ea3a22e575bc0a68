/** What the pipeline asks of a transport and of a handler. Neither knows the other, nor the store. */

import type { AdmittedMessage, InboundMessage, OutboundMessage, Reply } from './message.ts';

/** How a send went, as far as anybody knows. The pipeline decides what follows. */
export type SendOutcome =
  | { readonly kind: 'sent'; readonly id?: string }
  /** It certainly was not sent; the same message may be tried again. */
  | { readonly kind: 'again'; readonly reason: string; readonly afterMs?: number }
  /** Not sent: too fast for this one recipient. */
  | { readonly kind: 'pace'; readonly reason: string; readonly afterMs: number }
  /** Not sent, and nothing else would be either for a while: the whole transport rests. */
  | { readonly kind: 'rest'; readonly reason: string; readonly afterMs: number }
  /** Never will be: the operator is told. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The request left, and no answer came. */
  | { readonly kind: 'unsure'; readonly reason: string };

export type FileResult =
  | { readonly kind: 'file'; readonly bytes: Buffer; readonly mime: string }
  /** Too large, from an unknown host, gone, ...; `passing` when it may be had later. */
  | { readonly kind: 'refused'; readonly reason: string; readonly passing?: true };

/** A file on its way out. */
export interface OutboundFile {
  readonly bytes: Buffer;
  readonly mime: string;
  readonly filename: string;
}

/** One line of `bridge check`. */
export interface Finding {
  readonly what: string;
  readonly ok: boolean;
  /** What was found; when it is not ok, what to do. */
  readonly detail: string;
}

/** What a transport hands over. Resolves when it is on the disk: acknowledge only then. */
export interface Delivery {
  readonly messages: readonly InboundMessage[];
  /** Saved together with the messages. */
  readonly cursor?: { readonly name: string; readonly value: string };
}

export interface TransportEvents {
  deliver(delivery: Delivery): Promise<void>;
  /** The other side confirms a message of ours by the key we gave it. */
  confirm(key: string): Promise<void>;
  /** The other side took a message of ours and could not deliver it. @param reason no text of its own */
  fail(key: string, reason: string): Promise<void>;
  cursor(name: string): string | undefined;
}

/**
 * How the other side's API takes our calls: `failing` when it answers, with errors alone;
 * `queue-failing`: not it, but the queue that its webhooks wait in.
 */
export const CALL_STATES = [
  'ok',
  'token-refused',
  'unreachable',
  'failing',
  'queue-failing',
] as const;
export type CallState = (typeof CALL_STATES)[number];

/** What came of the calls to the other side's API; every time in milliseconds since the epoch. */
export interface Contact {
  /** When a call last went well. */
  readonly wellAt?: number;
  /** The calls that failed since then. */
  readonly failing?: {
    readonly since: number;
    readonly times: number;
    /** How the last of them failed. */
    readonly how: Exclude<CallState, 'ok'>;
  };
}

export interface Transport {
  readonly name: string;
  readonly contact: Contact;
  /** Of the queue that its webhooks come from, where they come from one. */
  readonly queue?: Contact | undefined;
  /** Begins to receive. Throws when it cannot (a port that is taken). */
  start(events: TransportEvents): Promise<void>;
  /**
   * @param key of the outbox: goes along where the API has a field for it
   * @param file what a message of kind `file` is about
   */
  send(message: OutboundMessage, key: string, file?: OutboundFile): Promise<SendOutcome>;
  /** The file of a message that has one. Never throws. */
  file(message: InboundMessage): Promise<FileResult>;
  /** Blue ticks and "typing". Best effort: failing is not an error. */
  seen(message: InboundMessage): Promise<void>;
  check(): Promise<readonly Finding[]>;
  /** Receives nothing more; what is being delivered is finished. */
  stop(): Promise<void>;
}

export interface HandlerContext {
  /** The same at every attempt, until an operator tries a dead letter again: the idempotency key for whatever the handler calls. */
  readonly key: string;
  /** 1 for the first; an attempt that was not charged does not count. */
  readonly attempt: number;
  /** An earlier attempt may have reached the other side: find out before doing it again. */
  readonly begun: boolean;
  /** The file of the message, fetched when it is asked for; `passing` when a later attempt follows. */
  file(): Promise<FileResult>;
  /** Aborted when the bridge stops and waits no longer. */
  readonly signal: AbortSignal;
}

export type HandlerOutcome =
  | { readonly kind: 'replies'; readonly replies: readonly Reply[] }
  /** This message failed; its schedule decides what follows. */
  | { readonly kind: 'failed'; readonly reason: string; readonly begun: boolean }
  /** The other side is away: nobody's attempts are charged, everything waits a little. */
  | { readonly kind: 'away'; readonly reason: string; readonly begun: boolean };

export interface Handler {
  readonly name: string;
  start(): Promise<void>;
  handle(message: AdmittedMessage, context: HandlerContext): Promise<HandlerOutcome>;
  /** Why it answers nobody, for the operator, where it knows: no text of a conversation. */
  trouble?(): string | undefined;
  /** The file that a reply of its names; a handler without files has none. Never throws. */
  open?(path: string): Promise<FileResult>;
  check(): Promise<readonly Finding[]>;
  stop(): Promise<void>;
}
