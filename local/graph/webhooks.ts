/** Delivers webhooks as Meta and Kapso do: signed over the bytes, repeated until a 200. */

import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

export interface WebhookTarget {
  readonly url: string;
  readonly secret: string;
}

export const sign = (secret: string, body: string): string =>
  createHmac('sha256', secret).update(body).digest('hex');

/**
 * @param pausesMs before the second, third, ... attempt
 * @returns true once the target said 2xx; false when it never did
 */
export async function deliver(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  pausesMs: readonly number[],
): Promise<boolean> {
  for (const pause of [0, ...pausesMs]) {
    await sleep(pause, undefined, { ref: false });
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    }).catch(() => undefined);
    await answer?.arrayBuffer().catch(() => undefined);
    if (answer?.ok) return true;
  }
  return false;
}
