/**
 * An agent's money, a month at a time: what its VM reports is counted, and what follows from
 * it is decided here. The record is one annotation on the agent's config secret.
 *
 * Months are those of the agent's time zone and of the plane's clock. The VM's figure is a
 * counter of its own that can fall (a session was deleted, a disk was lost): only growth
 * counts. docs/budget.md says what may be overshot.
 */

import { z } from 'zod';
import type { UsageReport } from '../../contracts/vm-api.ts';

/** Percent of the budget. */
const THRESHOLDS = [80, 95, 100] as const;
export type Threshold = (typeof THRESHOLDS)[number];

const usageRecord = z.object({
  /** `2026-11` */
  month: z.string(),
  /** USD that count this month. */
  usd: z.number(),
  /** What the VM's counter said last. */
  seen: z.number(),
  /** Whether the shared key is closed to this agent. */
  withdrawn: z.boolean(),
  /** State of each mail under the budget of now, by `Letter.key`; as `formatWelcome` writes it. */
  mails: z.record(z.string(), z.string()),
});
export type UsageRecord = z.infer<typeof usageRecord>;

export const formatUsage = (record: UsageRecord): string => JSON.stringify(record);

/** Undefined when nothing was ever reported (or the text is not ours). */
export function parseUsage(text: string | undefined): UsageRecord | undefined {
  if (text === undefined) return undefined;
  try {
    return usageRecord.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Millionths of a dollar are the smallest thing a price list can say. */
const rounded = (usd: number): number => Math.round(usd * 1e6) / 1e6;

export interface Month {
  /** USD a month. */
  readonly limit: number;
  /** The month it is now, `monthOf`. */
  readonly month: string;
}

/** A record that has not seen this month yet starts it with nothing. A month never comes back. */
function turned(before: UsageRecord | undefined, month: string): UsageRecord {
  if (before && before.month >= month) return before;
  return { month, usd: 0, seen: 0, withdrawn: false, mails: {} };
}

/**
 * The record after a report. The same report again changes nothing. A report of another month
 * (a clock that is off, a report that was late) counts nothing, nor does one without a figure.
 */
export function account(
  before: UsageRecord | undefined,
  report: UsageReport,
  { limit, month }: Month,
): UsageRecord {
  const record = turned(before, month);
  const reading = report.month === record.month ? report.usd : undefined;
  const grown = Math.max(0, (reading ?? record.seen) - record.seen);
  const usd = rounded(record.usd + grown);
  // The owner's own key is the owner's money: nothing to withdraw, and no reason to open the other.
  const withdrawn = usd >= limit && (report.key === 'shared' || record.withdrawn);
  // Letters of other limits: each is some 100 bytes of what a secret's annotations have room for.
  const mails = Object.fromEntries(
    Object.entries(record.mails).filter(([key]) => key.startsWith(`${limit}/`)),
  );
  return { ...record, usd, seen: rounded(reading ?? record.seen), withdrawn, mails };
}

/** The highest threshold that was passed; one report may pass several, and the owner gets one mail. */
export const passed = (usd: number, limit: number): Threshold | undefined =>
  THRESHOLDS.findLast((threshold) => usd >= (limit * threshold) / 100);

export interface Letter {
  readonly threshold: Threshold;
  readonly to: string;
  /**
   * Names it in `UsageRecord.mails`: once for each limit, as a changed budget is used up anew. At 100 % once
   * for the information of who runs on an own key, and once for the shared key that is withdrawn.
   */
  readonly key: string;
}

/** Mails that have to have gone out by now: the owner's, and at 100 % the admins'. */
export function lettersDue(
  { usd, withdrawn }: UsageRecord,
  limit: number,
  people: { readonly owner: string; readonly admins: readonly string[] },
): readonly Letter[] {
  const threshold = passed(usd, limit);
  if (threshold === undefined) return [];
  const mark = threshold === 100 && !withdrawn ? '100-noted' : threshold;
  const admins = threshold === 100 ? people.admins.filter((admin) => admin !== people.owner) : [];
  return [people.owner, ...admins].map((to) => ({
    threshold,
    to,
    key: `${limit}/${mark}/${to}`,
  }));
}

/** Whether the shared key is closed to an agent under this budget, in this month. */
export function isWithdrawn(record: UsageRecord | undefined, { limit, month }: Month): boolean {
  return record !== undefined && record.month >= month && record.withdrawn && record.usd >= limit;
}
