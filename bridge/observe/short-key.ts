/** A message's key as it may be logged: WhatsApp's ids (`wamid...`) are base64 with a phone number inside. */

import { createHash } from 'node:crypto';

/** Hex digits: enough to find a message among millions. */
const LENGTH = 12;

/**
 * @param key of the inbox or the outbox
 * @returns the same short id for a message and its answers, whose part (`/reply/0`) stays readable
 */
export function shortKey(key: string): string {
  const [, message = key, part = ''] = /^(.*?)(\/(?:reply|notice)\/\d+)?$/s.exec(key) ?? [];
  return createHash('sha256').update(message).digest('hex').slice(0, LENGTH) + part;
}
