/** Optimistic locking: changes whenever the value does. Eight bytes in base64, as Compute's. */

import { createHash } from 'node:crypto';

export const fingerprint = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest().subarray(0, 8).toString('base64');
