/** The config secrets of all agents of one project, without their payloads. */

import type { Listing } from './ports.ts';

/** Most that Secret Manager gives in one call. */
const RECORDS = 25_000;

export async function everyRecord({ listing }: { readonly listing: Listing }) {
  const all = [];
  let next: string | undefined;
  do {
    const page = await listing.records(RECORDS, next);
    all.push(...page.records);
    next = page.next;
  } while (next !== undefined);
  return all;
}
