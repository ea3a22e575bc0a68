/**
 * Kapso on this machine: the Meta proxy with its stored messages, and webhooks with one event or
 * a batch. https://docs.kapso.ai. Strict: what it does not know is refused.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import {
  createGraphNumber,
  type GraphNumber,
  readJson,
  type Sent,
  sendJson,
} from '../graph/number.ts';
import { deliver, sign, type WebhookTarget } from '../graph/webhooks.ts';
import { type LoopbackServer, serveOnLoopback } from '../plane/loopback.ts';

export interface KapsoServer {
  /** `http://127.0.0.1:PORT/meta/whatsapp/v24.0` */
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly phoneNumberId: string;
  readonly number: GraphNumber;
  /** A person writes. `more` are the message's fields besides id, from, timestamp and type. */
  say(from: string, text: string, more?: object): string;
  /** Any message, as Kapso stores it. @returns its id */
  store(message: object): string;
  /** Files by name, as Kapso keeps them. */
  readonly files: Map<string, { readonly bytes: Buffer; readonly mime: string }>;
  /** Where a file is; it wants the key. */
  fileUrl(name: string): string;
  /** How often the list was asked for. */
  readonly polls: number;
  /** Every request is answered with this status while it is set. */
  outage: number | undefined;
  /** Sends what was stored under these ids, in one body or each in its own. */
  webhook(target: WebhookTarget, ids: readonly string[], batch?: boolean): Promise<boolean>;
  /** Tells the target what became of a message of ours: all its statuses, the last of which is new. */
  status(target: WebhookTarget, sent: Sent, statuses: readonly Fate[]): Promise<boolean>;
  close(): Promise<void>;
}

export interface Fate {
  readonly status: 'sent' | 'delivered' | 'read' | 'failed';
  /** Of the error, where it failed. */
  readonly code?: number;
}

interface Stored {
  readonly id: string;
  readonly timestamp: string;
  readonly kapso: { readonly direction: string };
  readonly from?: string;
}

/** Where it is for everybody else. */
export const KAPSO_HOST = 'api.kapso.ai';

const API_KEY = 'kapso-local-key';
const FILES = '/files/';
const PREFIX = '/meta/whatsapp/v24.0/';
/** Kapso: attempts after 10, 40 and 90 seconds; here in hundredths. */
const RETRY_MS = [100, 400, 900];
const MAX_LIMIT = 100;

const listQuery = z.strictObject({
  direction: z.enum(['inbound', 'outbound']).optional(),
  since: z.iso.datetime().optional(),
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(20),
  after: z.string().optional(),
});

/** Newest first, a page at a time, as Graph's lists are. */
function list(stored: readonly Stored[], query: z.infer<typeof listQuery>): object {
  const since = query.since === undefined ? 0 : Math.floor(Date.parse(query.since) / 1000);
  const found = stored
    .filter(({ timestamp }) => Number(timestamp) >= since)
    .filter(({ kapso }) => !query.direction || kapso.direction === query.direction)
    .toReversed();
  const from = query.after ? found.findIndex(({ id }) => id === query.after) + 1 : 0;
  const data = found.slice(from, from + query.limit);
  const more = from + data.length < found.length;
  return {
    data,
    paging: { cursors: { before: data[0]?.id, after: more ? data.at(-1)?.id : null } },
  };
}

/** One event's body: its name is in a header alone. */
const eventOf = (phoneNumberId: string, message: Stored): object => ({
  message,
  conversation: {
    id: `conv_${message.from}`,
    phone_number: message.from ? `+${message.from}` : null,
    status: 'active',
    phone_number_id: phoneNumberId,
  },
  is_new_conversation: false,
  phone_number_id: phoneNumberId,
});

async function postWebhook(
  target: WebhookTarget,
  body: object,
  event = 'received',
): Promise<boolean> {
  const text = JSON.stringify(body);
  const headers = {
    'x-webhook-event': `whatsapp.message.${event}`,
    'x-webhook-signature': sign(target.secret, text),
    'x-idempotency-key': sign('idempotency', text),
    'x-webhook-payload-version': 'v2',
  };
  return await deliver(target.url, text, headers, RETRY_MS);
}

/** A message of ours as Kapso's events have it, with Meta's statuses as they came. */
function withStatuses(message: Stored, { id, request, at }: Sent, fates: readonly Fate[]): Stored {
  const statuses = fates.map(({ status, code }) => ({
    id,
    status,
    timestamp: String(Math.floor(at / 1000)),
    recipient_id: request.to ?? request.recipient,
    biz_opaque_callback_data: request.biz_opaque_callback_data,
    ...(code && { errors: [{ code, title: 'Message undeliverable' }] }),
  }));
  const { status } = fates.at(-1) ?? {};
  return { ...message, kapso: { ...message.kapso, status, statuses } as Stored['kapso'] };
}

/** `redirect:` in front of a name sends there instead. */
function sendFile(server: KapsoServer, url: URL, res: ServerResponse): void {
  const name = decodeURIComponent(url.pathname.slice(FILES.length));
  const file = server.files.get(name);
  if (name.startsWith('redirect:')) res.writeHead(302, { location: name.slice(9) }).end();
  else if (file) res.writeHead(200, { 'content-type': file.mime }).end(file.bytes);
  else sendJson(res, 404, { error: 'Not found' });
}

/** `{url}` of a media id. */
function sendMedia(server: KapsoServer, id: string, res: ServerResponse): void {
  const known = server.files.has(id);
  const found = { messaging_product: 'whatsapp', id, url: server.fileUrl(id) };
  sendJson(res, known ? 200 : 404, known ? found : { error: 'Not found' });
}

function createRoutes(server: KapsoServer, stored: readonly Stored[], onPoll: () => void) {
  return async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const url = new URL(req.url ?? '/', 'http://kapso');
    if (server.outage !== undefined) return sendJson(res, server.outage, { error: 'outage' });
    if (req.headers['x-api-key'] !== API_KEY) {
      return sendJson(res, 401, { error: 'Invalid API key' });
    }
    if (url.pathname.startsWith(FILES)) return sendFile(server, url, res);
    const [number, ...rest] = url.pathname.startsWith(PREFIX)
      ? url.pathname.slice(PREFIX.length).split('/')
      : [];
    if (number !== server.phoneNumberId && url.searchParams.has('phone_number_id')) {
      return sendMedia(server, number ?? '', res);
    }
    if (number !== server.phoneNumberId) return sendJson(res, 404, { error: 'Not found' });
    if (rest.length === 0 && req.method === 'GET') return sendJson(res, 200, { id: number });
    if (rest.join('/') === 'media' && req.method === 'POST') return server.number.upload(req, res);
    if (rest.join('/') !== 'messages') return sendJson(res, 404, { error: 'Not found' });
    if (req.method === 'POST') return server.number.post(await readJson(req), res);
    const query = listQuery.safeParse(Object.fromEntries(url.searchParams));
    if (!query.success) return sendJson(res, 422, { error: query.error.message });
    onPoll();
    sendJson(res, 200, list(stored, query.data));
  };
}

export async function startKapso(phoneNumberId = '647015955153740'): Promise<KapsoServer> {
  const stored: Stored[] = [];
  const byId = new Map<string, Stored>();
  let polls = 0;
  let loopback: LoopbackServer | undefined;

  const store = (message: object): string => {
    const one = {
      id: `wamid.in.${stored.length + 1}`,
      timestamp: String(Math.floor(Date.now() / 1000)),
      ...message,
    } as Omit<Stored, 'kapso'> & { kapso?: object };
    const kapso = { direction: 'inbound', phone_number_id: phoneNumberId, ...one.kapso };
    const kept = { ...one, kapso };
    stored.push(kept);
    byId.set(kept.id, kept);
    return kept.id;
  };
  const server: KapsoServer = {
    get baseUrl() {
      return `http://${loopback?.host}${PREFIX.slice(0, -1)}`;
    },
    apiKey: API_KEY,
    phoneNumberId,
    number: createGraphNumber(phoneNumberId),
    store,
    say: (from, text, more = {}) => store({ from, type: 'text', text: { body: text }, ...more }),
    files: new Map(),
    fileUrl: (name) => `http://${loopback?.host}${FILES}${name}`,
    get polls() {
      return polls;
    },
    outage: undefined,
    async webhook(target, ids, batch = false) {
      const events = ids.map((id) => eventOf(phoneNumberId, byId.get(id) as Stored));
      if (!batch) {
        const taken = await Promise.all(events.map((event) => postWebhook(target, event)));
        return taken.every(Boolean);
      }
      const body = { type: 'whatsapp.message.received', batch: true, data: events };
      return await postWebhook(target, body);
    },
    status(target, sent, fates) {
      const message = withStatuses(byId.get(sent.id) as Stored, sent, fates);
      return postWebhook(target, eventOf(phoneNumberId, message), fates.at(-1)?.status);
    },
    close: async () => loopback?.close(),
  };
  // Kapso keeps a copy of what is sent, in the same list.
  server.number.onSent = ({ id, request }) => {
    const to = request.to ?? request.recipient;
    store({ id, type: request.type, to, kapso: { direction: 'outbound' } });
  };
  const routes = createRoutes(server, stored, () => {
    polls += 1;
  });
  loopback = await serveOnLoopback((req, res) => void routes(req, res));
  return server;
}
