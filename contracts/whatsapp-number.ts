/**
 * An agent's business number: its credentials at Meta or Kapso, as an admin hands them over and
 * as they lie in secret `agent-{name}-whatsapp`; and how a webhook travels from the plane to the VM
 * (docs/decisions/063).
 */

import { z } from 'zod';
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

/** https://docs.kapso.ai: the VM asks Kapso by itself, no webhook is needed. */
const kapso = z.strictObject({
  mode: z.literal('kapso'),
  phoneNumberId,
  apiKey: credential,
});

/** The body of `POST /v1/agents/{name}/whatsapp`, and the secret's content. */
export const numberCredentials = z.discriminatedUnion('mode', [cloudApi, kapso]);
export type NumberCredentials = z.infer<typeof numberCredentials>;
export type CloudApiCredentials = z.infer<typeof cloudApi>;

export const numberConnected = z.strictObject({
  agent: agentName,
  /** What to enter as the number's callback URL; none where the VM asks by itself. */
  webhook: z.url().optional(),
});
export type NumberConnected = z.infer<typeof numberConnected>;

/** Attribute of a handed-over webhook: the header that signs its bytes. */
export const SIGNATURE_HEADER = 'x-hub-signature-256';
