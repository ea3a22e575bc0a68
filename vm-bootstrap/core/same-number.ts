/**
 * Whether two numbers are one phone's. WhatsApp knows some numbers by an older form than the one
 * that is dialled today: Brazil without the ninth digit, Mexico with a 1 and Argentina with a 9
 * after the country code, or without (known from practice: WhatsApp publishes no list). The extra
 * digit is dropped on both sides; no other number of the country has what remains.
 */

import type { WrongPhone } from '../../contracts/pairing.ts';

const OLDER_FORMS: readonly { readonly of: RegExp; readonly to: string }[] = [
  // Area code, then a 9 before the eight digits of a mobile number.
  { of: /^55(\d{2})9(\d{8})$/, to: '55$1$2' },
  { of: /^521(\d{10})$/, to: '52$1' },
  { of: /^549(\d{10})$/, to: '54$1' },
];

/**
 * E.164 of `15551234567:12@s.whatsapp.net`, WhatsApp's id of an account's device; undefined for an
 * id of another kind (`@lid`), which does not tell the number.
 */
export function numberOfId(id: string | null | undefined): string | undefined {
  const digits = /^(\d+)(?::\d+)?@s\.whatsapp\.net$/.exec(id ?? '')?.[1];
  return digits && `+${digits}`;
}

const digitsOf = (number: string): string => number.replace(/\D/g, '');

function canonical(number: string): string {
  const digits = digitsOf(number);
  const form = OLDER_FORMS.find(({ of }) => of.test(digits));
  return form ? digits.replace(form.of, form.to) : digits;
}

/** Pure. A number that is not known is nobody's. */
export const isSameNumber = (a: string | undefined, b: string): boolean =>
  a !== undefined && digitsOf(a) !== '' && canonical(a) === canonical(b);

/** What people are told when they differ. */
export function wrongPhoneOf(scanned: string | undefined, expected: string): WrongPhone {
  const last = digitsOf(scanned ?? '').slice(-2);
  return { ...(last.length === 2 && { scanned: last }), expected: digitsOf(expected).slice(-2) };
}
