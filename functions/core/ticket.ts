/**
 * Bulk work travels through a queue and comes back over HTTP. The ticket says that the plane
 * itself wrote it, whoever brings it: HMAC-SHA256 of where it goes and what it says.
 */

import { createHmac, timingSafeEqual } from 'node:crypto';
import { canonicalJson } from './canonical.ts';

/** No pairing link's payload begins like this, and both are signed with the same key. */
const macOf = (key: string, path: string, work: object): Buffer =>
  createHmac('sha256', key)
    .update(`task\n${path}\n${canonicalJson(work)}`)
    .digest();

export const ticketFor = (key: string, path: string, work: object): string =>
  macOf(key, path, work).toString('base64url');

/** Compared in constant time. */
export function isTicket(key: string, path: string, work: object, ticket: string): boolean {
  const expected = macOf(key, path, work);
  const given = Buffer.from(ticket, 'base64url');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
