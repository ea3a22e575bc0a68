/**
 * The link to the pairing page: `base64url(JSON {agent, generation, exp})` and its
 * HMAC-SHA256, with a dot between. Whoever holds it may link this one agent's WhatsApp, so it
 * dies early: with `exp`, and with the generation, which changes when somebody has used it.
 */

import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { agentName } from '../../contracts/names.ts';

/** A mail that is opened after a weekend or a short leave still works. */
export const LINK_LIFETIME_DAYS = 7;
export const LINK_LIFETIME_S = LINK_LIFETIME_DAYS * 24 * 3600;

const linkClaims = z.strictObject({
  agent: agentName,
  /** What stands in the annotation of the config secret. */
  generation: z.string().regex(/^[\w-]{1,64}$/),
  /** Seconds since the epoch. */
  exp: z.int(),
});
export type LinkClaims = z.infer<typeof linkClaims>;

/** More than twice what the longest claims take. */
const TOKEN_MAX = 512;
const TOKEN = /^([\w-]+)\.([\w-]{43})$/;

const signatureOf = (key: string, payload: string): Buffer =>
  createHmac('sha256', key).update(payload).digest();

export function signLink(key: string, claims: LinkClaims): string {
  const payload = Buffer.from(JSON.stringify(linkClaims.parse(claims))).toString('base64url');
  return `${payload}.${signatureOf(key, payload).toString('base64url')}`;
}

/**
 * The claims of a token that this key signed, in force or not; undefined for everything else.
 * Nothing of the token is looked at before its signature, which is compared in constant time.
 */
export function readLink(key: string, token: string): LinkClaims | undefined {
  const [, payload = '', signature = ''] = TOKEN.exec(token.slice(0, TOKEN_MAX + 1)) ?? [];
  if (payload === '' || token.length > TOKEN_MAX) return undefined;
  const given = Buffer.from(signature, 'base64url');
  const expected = signatureOf(key, payload);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  // The last character of 43 has two bits to spare: one text per signature, not four.
  if (given.toString('base64url') !== signature) return undefined;
  return linkClaims.parse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
}
