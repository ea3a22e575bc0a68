/** Routes for the webhooks of business numbers: Meta's verification, and what people write to it or to Kapso. */

import { z } from 'zod';
import type { WebhookTools } from '../service/webhook.ts';
import type { Answer } from './reply.ts';
import type { Call, Route } from './router.ts';

type WebhookModule = typeof import('../service/webhook.ts');

export interface WebhookParts {
  readonly webhooks: () => Promise<{
    readonly service: WebhookModule;
    readonly tools: WebhookTools;
  }>;
}

/** Bytes. Meta's payloads have up to 3 MB, and come before their signature can be checked. */
const WEBHOOK_LIMIT = 3_200_000;

/** https://developers.facebook.com/docs/graph-api/webhooks/getting-started#verification-requests */
const verification = {
  'hub.mode': { schema: z.literal('subscribe'), description: 'subscribe', fix: 'give subscribe' },
  'hub.verify_token': {
    schema: z.string().max(1_000),
    description: "the number's verify token",
    fix: 'give the verify token that was entered at Meta',
  },
  'hub.challenge': {
    schema: z.string().max(1_000),
    description: 'is answered',
    fix: 'give what Meta sends',
  },
};

const text = (body: string, agent: string): Answer => ({
  status: 200,
  body,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  agent,
});

async function verify({ webhooks }: WebhookParts, { params, query }: Call): Promise<Answer> {
  const { service, tools } = await webhooks();
  const { name = '' } = params;
  await service.verifyWebhook(tools, name, query.get('hub.verify_token') ?? '');
  return text(query.get('hub.challenge') ?? '', name);
}

async function take({ webhooks }: WebhookParts, call: Call): Promise<Answer> {
  const { service, tools } = await webhooks();
  const { headers, params } = call;
  const given = { headers, body: call.body as Buffer };
  return text('', await service.takeWebhook(tools, params.name ?? '', given));
}

export function webhookRoutes(parts: WebhookParts): readonly Route[] {
  const path = '/whatsapp/{name}';
  const answers = { 200: { description: 'It is durable', schema: z.string() } };
  return [
    {
      method: 'GET',
      path,
      id: 'verifyWebhook',
      summary: "Meta's question whether this address is meant.",
      behindSignature: true,
      query: verification,
      answers,
      handle: (call) => verify(parts, call),
    },
    {
      method: 'POST',
      path,
      id: 'takeWebhook',
      summary: 'What Meta or Kapso tells of the number; answered when it is durable.',
      behindSignature: true,
      // What people write is not on the plane's record.
      isChange: () => false,
      bytes: true,
      bodyLimit: WEBHOOK_LIMIT,
      answers,
      handle: (call) => take(parts, call),
    },
  ];
}
