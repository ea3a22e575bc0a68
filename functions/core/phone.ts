/** Phone numbers as people write them. */

import { parsePhoneNumberFromString } from 'libphonenumber-js/min';

/**
 * `+15559876543` -> `+1 (555) 987-6543`; other countries as they write it, with the country
 * code in front; numbers that no plan knows stay as they are.
 */
export function showPhone(phone: string): string {
  const parsed = parsePhoneNumberFromString(phone);
  if (!parsed) return phone;
  if (parsed.countryCallingCode !== '1') return parsed.formatInternational();
  const national = parsed.nationalNumber;
  if (national.length !== 10) return parsed.formatInternational();
  return `+1 (${national.slice(0, 3)}) ${national.slice(3, 6)}-${national.slice(6)}`;
}
