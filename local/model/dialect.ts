/** What a provider's wire format has to offer, so that one server can speak all of them. */

import type { IncomingHttpHeaders } from 'node:http';
import type { Provider } from '../../contracts/models.ts';
import type { ModelReply, ModelRequest } from './conversation.ts';

export type ErrorKind = 'key-missing' | 'key-wrong' | 'bad-request' | 'not-found';

export interface WireError {
  readonly status: number;
  readonly body: object;
}

/** One server-sent event. `data` is sent as JSON unless it is a string (`[DONE]`). */
export interface StreamEvent {
  readonly event?: string;
  readonly data: object | string;
}

/** What an answer needs besides the reply itself. */
export interface AnswerContext {
  readonly request: ModelRequest;
  readonly reply: ModelReply;
  /** Unique in this server; becomes part of message and tool call ids. */
  readonly id: string;
  /** Seconds since the epoch. */
  readonly createdAt: number;
}

export interface Endpoint {
  /** @throws ZodError when the body is not what the provider documents. */
  readonly parse: (body: unknown) => ModelRequest;
  readonly whole: (context: AnswerContext) => object;
  readonly events: (context: AnswerContext) => readonly StreamEvent[];
}

export interface Dialect {
  readonly provider: Provider;
  readonly host: string;
  readonly key: (headers: IncomingHttpHeaders, query: URLSearchParams) => string | undefined;
  /** The generating endpoint behind `POST path`, if it is one. */
  readonly endpoint: (path: string) => Endpoint | undefined;
  /** Other documented answers: the model list, token counts. */
  readonly other: (verb: string, path: string, body: unknown) => object | undefined;
  readonly error: (kind: ErrorKind, message: string, requestId: string) => WireError;
}
