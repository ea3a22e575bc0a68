/**
 * WhatsApp's addresses. A person has a phone number (`15551234567@s.whatsapp.net`) and an
 * opaque id that hides it (`...@lid`); device 0 is the phone, linked devices count from 1.
 */

import { createHash } from 'node:crypto';
import { jidDecode } from 'baileys';
import { PlaneError } from '../../contracts/errors.ts';

export interface Address {
  /** Digits of the phone number, or of the opaque id. */
  readonly user: string;
  readonly kind: 'number' | 'lid';
  readonly device: number;
}

const E164 = /^\+[1-9]\d{6,14}$/;
/** Opaque ids are 15 digits; ours follow from the number, so that a restart keeps them. */
const LID_DIGITS = 15;

/** @throws PlaneError INVALID_ARGUMENT */
export function digitsOf(number: string): string {
  if (!E164.test(number)) {
    throw new PlaneError('INVALID_ARGUMENT', 'A phone number is written like +15551234567');
  }
  return number.slice(1);
}

export function lidOf(digits: string): string {
  const hash = createHash('sha256').update(digits).digest().readBigUInt64BE();
  return `1${(hash % 10n ** BigInt(LID_DIGITS - 1)).toString().padStart(LID_DIGITS - 1, '0')}`;
}

const suffix = (device: number) => (device === 0 ? '' : `:${device}`);
export const numberJid = (digits: string, device = 0) =>
  `${digits}${suffix(device)}@s.whatsapp.net`;
export const lidJid = (lid: string, device = 0) => `${lid}${suffix(device)}@lid`;

/** @returns undefined for groups, broadcasts and the server itself */
export function parseJid(jid: string | undefined): Address | undefined {
  const decoded = jidDecode(jid);
  if (!decoded?.user) return undefined;
  const device = decoded.device ?? 0;
  if (decoded.server === 'lid') return { user: decoded.user, kind: 'lid', device };
  if (decoded.server === 's.whatsapp.net') return { user: decoded.user, kind: 'number', device };
  return undefined;
}
