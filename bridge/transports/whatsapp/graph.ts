/**
 * The Graph API of one phone number, at Meta or through Kapso's proxy: they differ in the address
 * and in one header. Our own instead of an SDK: see decision 061.
 */

import type { InboundMessage, OutboundMessage } from '../../message.ts';
import type { Contact, FileResult, Finding, OutboundFile, SendOutcome } from '../../ports.ts';
import { contactAfter } from '../contact.ts';
import { createHttpClient, type HttpClient, type HttpFailure } from '../http-client.ts';
import { download, refusedWith } from '../media/download.ts';
import { type About, stateOf } from './contact.ts';
import { sendBody } from './outbound.ts';
import { type GraphAnswer, outcomeOf, outcomeOfFailure, toAnswer } from './outcome.ts';
import { upload } from './upload.ts';

export interface GraphOptions {
  /** With the version: `https://graph.facebook.com/v24.0`. */
  readonly baseUrl: string;
  readonly phoneNumberId: string;
  /** `Authorization: Bearer ...` or `X-API-Key: ...` */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** Hosts that files may come from, besides Meta's. */
  readonly fileHosts?: readonly string[];
  /** Those that are told `headers` when a file is fetched; Meta's when left out. */
  readonly secretHosts?: readonly string[];
  readonly now?: () => number;
}

export interface Graph {
  readonly contact: Contact;
  /** The file of a message: from where the message says it is, else from where the API does. */
  file(message: InboundMessage): Promise<FileResult>;
  send(message: OutboundMessage, key: string, file?: OutboundFile): Promise<SendOutcome>;
  /** Blue ticks, and "typing" until an answer or 25 seconds. */
  seen(message: InboundMessage): Promise<void>;
  /** `GET {path}` below the version. @throws HttpFailure. */
  get(path: string, query?: Readonly<Record<string, string>>): Promise<GraphAnswer>;
  check(what: string): Promise<Finding>;
}

const TIMEOUT_MS = 20_000;
/** What the gateway takes in one frame, as base64, with room for the rest (its policy.attachments.maxBytes). */
const MAX_FILE_BYTES = 16_000_000;
/** Meta's hosts of media (`url` of a media id); they want the token. */
const META_HOSTS = ['fbsbx.com', 'fbcdn.net', 'whatsapp.net', 'facebook.com'];

const NOWHERE = { kind: 'refused', reason: 'nothing says where it is' } as const;

/** Requests to the API, and what came of them. */
function createCalls(http: HttpClient, options: GraphOptions) {
  const { baseUrl, timeoutMs = TIMEOUT_MS, now = Date.now } = options;
  let contact: Contact = {};
  const ask = async (path: string, body?: object): Promise<GraphAnswer> => {
    const json = body && { 'content-type': 'application/json' };
    const answer = await http.request(`${baseUrl}/${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { ...options.headers, ...json },
      timeoutMs,
      ...(body && { body: JSON.stringify(body) }),
    });
    return toAnswer(answer);
  };
  const call = async (path: string, about: About, body?: object): Promise<GraphAnswer> => {
    try {
      const answer = await ask(path, body);
      contact = contactAfter(contact, stateOf(answer, about), now());
      return answer;
    } catch (error) {
      contact = contactAfter(contact, 'unreachable', now());
      throw error;
    }
  };
  return {
    call,
    get contact() {
      return contact;
    },
  };
}

export function createGraph(options: GraphOptions): Graph {
  const { baseUrl, phoneNumberId, timeoutMs = TIMEOUT_MS } = options;
  const http = createHttpClient();
  const calls = createCalls(http, options);
  const { call } = calls;

  /** Meta: `{url, mime_type, ...}` of a media id, good for five minutes. */
  const urlOf = async (id: string): Promise<string | FileResult> => {
    const path = `${encodeURIComponent(id)}?phone_number_id=${phoneNumberId}`;
    try {
      const { status, body } = await call(path, 'one thing');
      const { url } = (body ?? {}) as { url?: unknown };
      if (status !== 200) return refusedWith(status);
      return typeof url === 'string' ? url : NOWHERE;
    } catch (error) {
      return { kind: 'refused', reason: (error as HttpFailure).code, passing: true };
    }
  };

  const fetchFrom = (url: string): Promise<FileResult> =>
    download(url, {
      hosts: [...META_HOSTS, ...(options.fileHosts ?? [])],
      trustedOrigin: new URL(baseUrl).origin,
      secretHosts: options.secretHosts ?? META_HOSTS,
      secretHeaders: options.headers,
      maxBytes: MAX_FILE_BYTES,
      timeoutMs,
    });

  return {
    get contact() {
      return calls.contact;
    },
    async file({ content }) {
      if (content.kind !== 'media') return { kind: 'refused', reason: 'no file' };
      const { id, url } = content.file;
      const first = url === undefined ? NOWHERE : await fetchFrom(url);
      // An address can be too old, or lead where files are not known to be: the API knows another.
      const isFinal = first.kind === 'file' || ('passing' in first && first.passing);
      if (isFinal || id === undefined) return first;
      const found = await urlOf(id);
      return typeof found === 'string' ? await fetchFrom(found) : found;
    },
    async send(message, key, file) {
      try {
        const media =
          file && (await upload(http, `${baseUrl}/${phoneNumberId}/media`, options.headers, file));
        if (media && 'kind' in media) return media;
        return outcomeOf(
          await call(`${phoneNumberId}/messages`, 'one thing', sendBody(message, key, media)),
        );
      } catch (error) {
        return outcomeOfFailure(error);
      }
    },
    async seen({ id }) {
      await call(`${phoneNumberId}/messages`, 'one thing', {
        messaging_product: 'whatsapp',
        status: 'read',
        message_id: id,
        typing_indicator: { type: 'text' },
      });
    },
    get: (path, query = {}) => call(`${path}?${new URLSearchParams(query)}`, 'the number'),
    async check(what) {
      try {
        const { status } = await call(`${phoneNumberId}?fields=id`, 'the number');
        if (status === 200) return { what, ok: true, detail: `${new URL(baseUrl).host} knows it` };
        const fix =
          status === 401 || status === 403 ? 'check the key' : 'check the phone number id';
        return { what, ok: false, detail: `${new URL(baseUrl).host} says ${status}: ${fix}` };
      } catch (error) {
        const { reason } = outcomeOfFailure(error);
        return { what, ok: false, detail: `${new URL(baseUrl).host}: ${reason}` };
      }
    },
  };
}
