/** The GET with which Meta and Kapso ask whether an address is ours. */

import { sameSecret } from '../signature.ts';
import type { WebhookAnswer, WebhookRequest } from '../webhook-server.ts';

/** @param verifyToken what was entered where the webhook was registered; empty refuses all */
export function verification({ query }: WebhookRequest, verifyToken: string): WebhookAnswer {
  const mode = query.get('hub.mode');
  const token = query.get('hub.verify_token') ?? '';
  if (mode !== 'subscribe' || verifyToken === '' || !sameSecret(token, verifyToken)) {
    return { status: 403 };
  }
  return { status: 200, text: query.get('hub.challenge') ?? '' };
}
