/** What a phone number looks like on screens and in logs. */

/** `+15551234567` -> `+1555•••4567`. Shorter numbers keep less. */
export function maskPhone(phone: string): string {
  const shown = phone.length >= 12 ? 5 : 3;
  return `${phone.slice(0, shown)}•••${phone.slice(phone.length >= 12 ? -4 : -2)}`;
}
