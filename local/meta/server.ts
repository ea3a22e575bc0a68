/** Meta's Graph API for one number on this machine, and its webhooks. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  createGraphNumber,
  type GraphNumber,
  graphError,
  readJson,
  type Sent,
  sendJson,
} from '../graph/number.ts';
import { deliver, sign, type WebhookTarget } from '../graph/webhooks.ts';
import { type LoopbackServer, serveOnLoopback } from '../plane/loopback.ts';

export interface MetaServer {
  /** `http://127.0.0.1:PORT/v24.0` */
  readonly baseUrl: string;
  /** Change it, and the token in use is not valid any more. */
  accessToken: string;
  readonly phoneNumberId: string;
  readonly number: GraphNumber;
  /** The GET of a registration. @returns status and body */
  verify(url: string, token: string, challenge: string): Promise<{ status: number; text: string }>;
  /** `changes[].value` with these fields, for this number or another one. */
  webhook(target: WebhookTarget, value: object, phoneNumberId?: string): Promise<boolean>;
  /** Tells the target what became of a message of ours. */
  status(target: WebhookTarget, sent: Sent, status: string, code?: number): Promise<boolean>;
  close(): Promise<void>;
}

/** Where it is for everybody else. */
export const META_HOST = 'graph.facebook.com';

const PREFIX = '/v24.0/';
const TOKEN_EXPIRED = 190;
const UNKNOWN_OBJECT = 100;
const RETRY_MS = [100, 400, 900];

async function postWebhook(
  target: WebhookTarget,
  value: object,
  phoneNumberId: string,
): Promise<boolean> {
  const metadata = { display_phone_number: '15550001111', phone_number_id: phoneNumberId };
  const change = {
    field: 'messages',
    value: { messaging_product: 'whatsapp', metadata, ...value },
  };
  const text = JSON.stringify({
    object: 'whatsapp_business_account',
    entry: [{ id: '102290129340398', changes: [change] }],
  });
  const headers = { 'x-hub-signature-256': `sha256=${sign(target.secret, text)}` };
  return await deliver(target.url, text, headers, RETRY_MS);
}

async function verify(url: string, token: string, challenge: string) {
  const query = new URLSearchParams({
    'hub.mode': 'subscribe',
    'hub.verify_token': token,
    'hub.challenge': challenge,
  });
  const answer = await fetch(`${url}?${query}`);
  return { status: answer.status, text: await answer.text() };
}

export async function startMeta(phoneNumberId = '106540352242922'): Promise<MetaServer> {
  let loopback: LoopbackServer | undefined;
  const number = createGraphNumber(phoneNumberId);
  const server: MetaServer = {
    get baseUrl() {
      return `http://${loopback?.host}${PREFIX.slice(0, -1)}`;
    },
    accessToken: 'EAALocalToken',
    phoneNumberId,
    number,
    verify,
    webhook: (target, value, id = phoneNumberId) => postWebhook(target, value, id),
    status(target, { id, request, at }, status, code) {
      const callback = request.biz_opaque_callback_data;
      const one = {
        id,
        status,
        timestamp: String(Math.floor(at / 1000)),
        recipient_id: request.to ?? request.recipient,
        ...(callback && { biz_opaque_callback_data: callback }),
        ...(code && { errors: [{ code, title: 'Message undeliverable' }] }),
      };
      return postWebhook(target, { statuses: [one] }, phoneNumberId);
    },
    close: async () => loopback?.close(),
  };
  const routes = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const { pathname } = new URL(req.url ?? '/', 'http://graph');
    if (req.headers.authorization !== `Bearer ${server.accessToken}`) {
      return sendJson(res, 401, graphError(TOKEN_EXPIRED, 'Error validating access token'));
    }
    if (pathname === `${PREFIX}${phoneNumberId}` && req.method === 'GET') {
      return sendJson(res, 200, { id: phoneNumberId });
    }
    if (pathname === `${PREFIX}${phoneNumberId}/messages` && req.method === 'POST') {
      return number.post(await readJson(req), res);
    }
    if (pathname === `${PREFIX}${phoneNumberId}/media` && req.method === 'POST') {
      return number.upload(req, res);
    }
    sendJson(res, 400, graphError(UNKNOWN_OBJECT, 'Unsupported request'));
  };
  loopback = await serveOnLoopback((req, res) => void routes(req, res));
  return server;
}
