/** Many agents, a few at a time. */

/** Agents looked at at the same time: under Secret Manager's quota and quick enough. */
export const AT_ONCE = 8;

/** A few at a time, in order. */
export async function each<I, T>(items: readonly I[], run: (item: I) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let start = 0; start < items.length; start += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(start, start + AT_ONCE).map(run))));
  }
  return results;
}
