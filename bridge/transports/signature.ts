/** HMAC-SHA256 over the raw bytes of a webhook, compared in constant time. */

import { createHmac, timingSafeEqual } from 'node:crypto';
import type { WebhookRequest } from './webhook-server.ts';

/** @param given hex, with or without `sha256=` in front */
function signatureFits(secret: string, body: Buffer, given: unknown): boolean {
  if (typeof given !== 'string') return false;
  const wanted = createHmac('sha256', secret).update(body).digest();
  const found = Buffer.from(given.replace(/^sha256=/, ''), 'hex');
  return found.length === wanted.length && timingSafeEqual(found, wanted);
}

/** Checked by whoever took it, or signed with this secret. @param header that has the signature */
export const isGenuine = (request: WebhookRequest, secret: string, header: string): boolean =>
  request.verified || signatureFits(secret, request.body, request.headers[header]);

/** Two secrets, in a time that tells nothing of where they differ. */
export function sameSecret(a: string, b: string): boolean {
  const key = 'compare';
  const digest = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
