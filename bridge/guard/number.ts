/** Phone numbers as they are compared and as they are shown. */

/**
 * `+1 (555) 123-4567`, `0015551234567` and `15551234567` are one number: its digits. Anything
 * that is not a number (a BSUID, `US.1349...`) stays as it is.
 */
export function normaliseNumber(text: string): string {
  // Copied from a contact, it may bring invisible marks and dashes of any kind.
  const compact = text.replace(/[\s().\-/\p{Cf}\p{Pd}]/gu, '');
  if (!/^\+?\d+$/.test(compact)) return text.trim();
  return compact.replace(/^\+/, '').replace(/^00/, '');
}

const SHOWN_LAST = 4;

/** `+1555•••4567`: enough to recognise one's own, too little to call. Ids lose their middle too. */
export function maskNumber(text: string): string {
  const number = normaliseNumber(text);
  const isNumber = /^\d+$/.test(number);
  if (number.length <= SHOWN_LAST + 2) return '•••';
  const shown = isNumber ? Math.min(SHOWN_LAST, number.length - SHOWN_LAST - 2) : SHOWN_LAST;
  return `${isNumber ? '+' : ''}${number.slice(0, shown)}•••${number.slice(-SHOWN_LAST)}`;
}
