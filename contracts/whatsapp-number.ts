/**
 * An agent's business number: its credentials at Meta or Kapso, as an admin hands them over and
 * as they lie in secret `agent-{name}-whatsapp`; and how a webhook travels from the plane to the VM
 * (docs/decisions/063).
 */

import { z } from 'zod';
import { WHATSAPP_MODES } from './config-document.ts';
import { agentName } from './names.ts';

/** Goes into a header and into a systemd environment file: nothing that either would read as its own. */
const credential = z
  .string()
  .max(1_000)
  .regex(/^[\w.~+/=:|-]+$/, { error: 'has a character that no credential has' });

const phoneNumberId = z.string().regex(/^\d{5,25}$/, { error: "is not WhatsApp's id of a number" });

/** https://developers.facebook.com/docs/whatsapp/cloud-api/get-started */
const cloudApi = z.strictObject({
  mode: z.literal('cloud-api'),
  phoneNumberId,
  /** Of a system user; it does not expire. */
  accessToken: credential,
  /** Signs the webhooks. */
  appSecret: credential,
  /** What Meta shows when it verifies the webhook's address: any text of the admin's choice. */
  verifyToken: credential,
});

/** https://docs.kapso.ai: the VM asks Kapso by itself, every few seconds. */
const kapso = z.strictObject({
  mode: z.literal('kapso'),
  phoneNumberId,
  apiKey: credential,
  /** Signs the webhooks: with it Kapso may post them, and nobody waits for the next poll. */
  webhookSecret: credential.optional(),
});

/** The body of `POST /v1/agents/{name}/whatsapp`, and the secret's content. */
export const numberCredentials = z.discriminatedUnion('mode', [cloudApi, kapso]);
export type NumberCredentials = z.infer<typeof numberCredentials>;

/** Whether what people write is posted to the plane. */
export const hasWebhook = (credentials: NumberCredentials): boolean =>
  credentials.mode === 'cloud-api' || credentials.webhookSecret !== undefined;

export const numberConnected = z.strictObject({
  agent: agentName,
  /** What to enter as the number's callback URL; none where the VM asks by itself. */
  webhook: z.url().optional(),
});
export type NumberConnected = z.infer<typeof numberConnected>;

/** `GET /v1/agents/{name}/whatsapp`: no credential is ever shown. */
export const numberView = z.strictObject({
  agent: agentName,
  /** The agent's own. */
  mode: z.enum(WHATSAPP_MODES),
  connected: z.boolean(),
  /** Of the credentials that are kept. */
  phoneNumberId: z.string().optional(),
  version: z.string().optional(),
  webhook: z.url().optional(),
  /** Why it is not connected, and what to do. */
  problem: z.string().optional(),
});
export type NumberView = z.infer<typeof numberView>;

/** What `DELETE` of it removed; empty when there was nothing. */
export const numberDisconnected = z.strictObject({
  agent: agentName,
  removed: z.array(z.string()),
});
export type NumberDisconnected = z.infer<typeof numberDisconnected>;

/**
 * The headers that sign a webhook's bytes. They are handed over with it as attributes, and so is
 * the name of Kapso's event, which its body does not have.
 */
export const SIGNATURE_HEADERS = {
  'cloud-api': 'x-hub-signature-256',
  kapso: 'x-webhook-signature',
} as const satisfies Record<NumberCredentials['mode'], string>;
export const EVENT_HEADER = 'x-webhook-event';
