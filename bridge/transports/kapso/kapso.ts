/** Kapso: polling, or webhooks with polling as the safety net; sending through its Meta proxy. */

import type { Finding, Transport, TransportEvents } from '../../ports.ts';
import { isGenuine } from '../signature.ts';
import type {
  OpenWebhooks,
  WebhookAnswer,
  WebhookRequest,
  WebhookSource,
} from '../webhook-server.ts';
import { createGraph } from '../whatsapp/graph.ts';
import { verification } from '../whatsapp/verification.ts';
import { pollOnce, rememberStart } from './poll.ts';
import { kapsoEvents } from './webhook.ts';

export interface KapsoOptions {
  /** With the version: `https://api.kapso.ai/meta/whatsapp/v24.0`. */
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly phoneNumberId: string;
  /** Milliseconds between polls; 0 polls once at the start, to catch up. */
  readonly pollEveryMs: number;
  /** Left out when nothing is posted. */
  readonly webhook?: {
    readonly open: OpenWebhooks;
    /** Undefined where somebody else answers the GET of a registration. */
    readonly verifyToken?: string;
    /** Empty: signatures are not checked. */
    readonly secret: string;
  };
  readonly timeoutMs?: number;
  readonly onPollFailed?: (error: unknown) => void;
  readonly now?: () => number;
}

const KAPSO = 'kapso';
/** Where Kapso keeps files; they want its key, which goes to no other host. */
const KAPSO_HOSTS = ['kapso.ai', 'kapso.com'];
/** Its bucket, to which `media_url` redirects with a signed address (read in two public clients). */
const KAPSO_BUCKET = 'kapso-ai-prod.d77f1e59818b5ed2ec009d1a9116b255.r2.cloudflarestorage.com';
export const KAPSO_FILE_HOSTS: readonly string[] = [...KAPSO_HOSTS, KAPSO_BUCKET];
/** Longest pause between polls while Kapso fails: after an outage nobody waits longer. */
const MAX_BACKOFF_MS = 60_000;

export interface KapsoTransport extends Transport {
  /** Where webhooks arrive, once started. */
  readonly port: number | undefined;
}

async function take(
  phoneNumberId: string,
  webhook: NonNullable<KapsoOptions['webhook']>,
  events: TransportEvents,
  request: WebhookRequest,
): Promise<WebhookAnswer> {
  if (request.method === 'GET') return verification(request, webhook.verifyToken ?? '');
  if (request.method !== 'POST') return { status: 405 };
  if (webhook.secret !== '' && !isGenuine(request, webhook.secret, 'x-webhook-signature')) {
    return { status: 401 };
  }
  let body: unknown;
  try {
    body = JSON.parse(request.body.toString('utf8'));
  } catch {
    return { status: 400 };
  }
  const event = request.headers['x-webhook-event'];
  const name = typeof event === 'string' ? event : undefined;
  const told = kapsoEvents(KAPSO, phoneNumberId, name, body, Date.now());
  const { messages, confirmed, failed } = told;
  if (messages.length > 0) await events.deliver({ messages });
  for (const key of confirmed) await events.confirm(key);
  for (const { key, reason } of failed) await events.fail(key, reason);
  return { status: 200 };
}

/** Polls again and again, slower while it fails. @returns stops it, and waits for a poll under way */
function startPolling(options: KapsoOptions, poll: () => Promise<unknown>): () => Promise<void> {
  const { pollEveryMs } = options;
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let current = Promise.resolve();

  const later = (): void => {
    if (stopped || (pollEveryMs === 0 && failures === 0)) return;
    const base = Math.max(pollEveryMs, 1_000);
    const pause = failures === 0 ? pollEveryMs : Math.min(base * 2 ** failures, MAX_BACKOFF_MS);
    timer = setTimeout(run, pause);
  };
  const run = (): void => {
    current = poll()
      .then(
        () => {
          failures = 0;
        },
        (error: unknown) => {
          failures += 1;
          options.onPollFailed?.(error);
        },
      )
      .then(later);
  };
  run();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await current;
  };
}

function findings(options: KapsoOptions): Finding[] {
  const { webhook } = options;
  if (!webhook) return [];
  const { verifyToken } = webhook;
  const token = {
    what: 'Kapso webhook verify token',
    ok: verifyToken !== '',
    detail: verifyToken === '' ? 'set KAPSO_WEBHOOK_VERIFY_TOKEN' : 'set',
  };
  return [
    ...(verifyToken === undefined ? [] : [token]),
    {
      what: 'Kapso webhook secret',
      ok: webhook.secret !== '',
      detail:
        webhook.secret === ''
          ? 'set KAPSO_WEBHOOK_SECRET: without it anybody who finds the address can write as anybody'
          : 'set',
    },
  ];
}

export function createKapso(options: KapsoOptions): KapsoTransport {
  const { baseUrl, apiKey, phoneNumberId, webhook, timeoutMs, now = Date.now } = options;
  const graph = createGraph({
    baseUrl,
    phoneNumberId,
    headers: { 'x-api-key': apiKey },
    fileHosts: KAPSO_FILE_HOSTS,
    secretHosts: KAPSO_HOSTS,
    now,
    ...(timeoutMs && { timeoutMs }),
  });
  let source: WebhookSource | undefined;
  let stopPolling = async (): Promise<void> => {};

  return {
    name: KAPSO,
    get contact() {
      return graph.contact;
    },
    get queue() {
      return source?.contact;
    },
    get port() {
      return source?.port;
    },
    async start(events) {
      const poll = { graph, transport: KAPSO, phoneNumberId, events, now };
      await rememberStart(poll);
      if (webhook) {
        source = await webhook.open((request) => take(phoneNumberId, webhook, events, request));
      }
      stopPolling = startPolling(options, () => pollOnce(poll));
    },
    send: graph.send,
    file: graph.file,
    seen: graph.seen,
    check: async () => {
      const known = await graph.check('Kapso API key and phone number id');
      return [known, ...findings(options)];
    },
    async stop() {
      await Promise.all([source?.close(), stopPolling()]);
    },
  };
}
