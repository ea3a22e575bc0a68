/** Months of an agent's budget: `2026-11`, in the agent's time zone. They sort as text. */

/**
 * The month it is.
 * @param now milliseconds since the epoch
 * @param timezone IANA name
 */
export function monthOf(now: number, timezone: string): string {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    year: 'numeric',
    month: '2-digit',
  }).formatToParts(now);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? '';
  return `${part('year')}-${part('month')}`;
}
