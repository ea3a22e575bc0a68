/** Meta's Cloud API without anybody in between: webhooks in, the Graph API out. */

import type { Finding, Transport, TransportEvents } from '../../ports.ts';
import { isGenuine } from '../signature.ts';
import type {
  OpenWebhooks,
  WebhookAnswer,
  WebhookRequest,
  WebhookSource,
} from '../webhook-server.ts';
import { createGraph, type GraphOptions } from '../whatsapp/graph.ts';
import { verification } from '../whatsapp/verification.ts';
import { metaEvents } from './envelope.ts';

export interface MetaOptions {
  /** With the version: `https://graph.facebook.com/v24.0`. */
  readonly baseUrl: string;
  readonly accessToken: string;
  readonly phoneNumberId: string;
  /** Signs the webhooks. */
  readonly appSecret: string;
  readonly verifyToken: string;
  readonly open: OpenWebhooks;
  readonly timeoutMs?: number;
}

const META = 'meta';

export interface MetaTransport extends Transport {
  /** Where webhooks arrive, once started. */
  readonly port: number | undefined;
}

async function take(
  options: MetaOptions,
  events: TransportEvents,
  request: WebhookRequest,
): Promise<WebhookAnswer> {
  if (request.method === 'GET') return verification(request, options.verifyToken);
  if (request.method !== 'POST') return { status: 405 };
  if (!isGenuine(request, options.appSecret, 'x-hub-signature-256')) return { status: 401 };
  let body: unknown;
  try {
    body = JSON.parse(request.body.toString('utf8'));
  } catch {
    return { status: 400 };
  }
  const { messages, confirmed, failed } = metaEvents(META, options.phoneNumberId, body, Date.now());
  if (messages.length > 0) await events.deliver({ messages });
  for (const key of confirmed) await events.confirm(key);
  for (const { key, reason } of failed) await events.fail(key, reason);
  return { status: 200 };
}

export function createMeta(options: MetaOptions): MetaTransport {
  const graphOptions: GraphOptions = {
    baseUrl: options.baseUrl,
    phoneNumberId: options.phoneNumberId,
    headers: { authorization: `Bearer ${options.accessToken}` },
    ...(options.timeoutMs && { timeoutMs: options.timeoutMs }),
  };
  const graph = createGraph(graphOptions);
  let source: WebhookSource | undefined;

  return {
    name: META,
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
      source = await options.open((request) => take(options, events, request));
    },
    send: graph.send,
    file: graph.file,
    seen: graph.seen,
    async check(): Promise<readonly Finding[]> {
      const secrets = options.verifyToken !== '' && options.appSecret !== '';
      return [
        await graph.check('Meta access token and phone number id'),
        {
          what: 'Meta webhook secrets',
          ok: secrets,
          detail: secrets ? 'set' : 'set webhook.verify_token and meta.app_secret',
        },
      ];
    },
    async stop() {
      await source?.close();
    },
  };
}
