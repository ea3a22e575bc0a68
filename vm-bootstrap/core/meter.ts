/**
 * The month's money on the VM: what to ask the gateway, what its answer means, when the plane
 * is told, and what follows from the plane's answer. Pure.
 */

import type { Provider } from '../../contracts/models.ts';
import type { UsageAnswer, UsageReport } from '../../contracts/vm-api.ts';
import { isShared, keylessBy } from './key-origin.ts';
import type { OwnerTexts } from './meter-settings.ts';

/** Between two looks. Nothing is spent unseen for longer than this and one reading (docs/budget.md). */
const LOOK_MS = 60_000;
/** While there is nothing to answer with, the owner waits for the plane; also after a look that failed. */
export const LOOK_WITHDRAWN_MS = 20_000;
/** Said again although nothing changed, so that the plane's side is made good if it was lost. */
const REPEAT_MS = 15 * 60_000;

/** `layout.budget`: the plane's last answer, and what it was an answer to. */
export interface BudgetState extends UsageAnswer {
  /** USD that the gateway's own counter had. */
  readonly spent?: number;
  readonly key: UsageReport['key'];
  /** When it was reported; milliseconds since the epoch. */
  readonly at: number;
  /** Which used-up budget the owner was told about, `2026-11/50`; on a key of their own, `2026-11/50/noted`. */
  readonly told?: string;
  /** Which trouble with a key's provider the owner was told about, `stand-in/openai`. */
  readonly toldKey?: string;
}

/** Undefined when nothing was ever reported (or the file was cut short). */
export function parseBudget(text: string | undefined): BudgetState | undefined {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as BudgetState);
  } catch {
    return undefined;
  }
}

/** Longer than the 30 s for which OpenClaw keeps an answer. */
const QUESTIONS = 60;

/**
 * Parameters of the RPC `usage.cost` for a month.
 *
 * OpenClaw keeps an answer, even one that is not fresh, for 30 s by its very dates (seen,
 * 2026.9.6): each second of a minute asks for another last day, after the month. `spentIn` cuts
 * it off.
 */
export function usageQuery(month: string, timezone: string, now: number): object {
  const [year = 0, number = 0] = month.split('-').map(Number);
  const beyond = Math.floor(now / 1000) % QUESTIONS;
  return {
    mode: 'specific',
    timeZone: timezone,
    startDate: `${month}-01`,
    endDate: new Date(Date.UTC(year, number, beyond)).toISOString().slice(0, 10),
    agentScope: 'all',
  };
}

/** Part of the answer of `usage.cost`. */
export interface UsageCost {
  readonly daily?: ReadonlyArray<{
    /** `2026-11-20` */
    readonly date: string;
    readonly totalCost: number;
    readonly missingCostEntries?: number;
  }>;
  readonly cacheStatus?: { readonly status?: string };
}

export interface Reading {
  /** USD. */
  readonly usd: number;
  /** Model calls that no price is known of: they count nothing. */
  readonly unpriced: number;
}

/** What was spent in a month; undefined unless the answer is fresh (the first ones are zeros). */
export function spentIn(month: string, answer: UsageCost): Reading | undefined {
  if (answer.cacheStatus?.status !== 'fresh' || answer.daily === undefined) return undefined;
  const days = answer.daily.filter(({ date }) => date.startsWith(`${month}-`));
  return {
    usd: days.reduce((sum, day) => sum + day.totalCost, 0),
    unpriced: days.reduce((sum, day) => sum + (day.missingCostEntries ?? 0), 0),
  };
}

/** The state after an answer. What the owner was told stays told. */
export const answered = (
  before: BudgetState | undefined,
  report: UsageReport,
  answer: UsageAnswer,
  now: number,
): BudgetState => {
  const spent = report.usd ?? (before?.month === answer.month ? before.spent : undefined);
  return {
    ...answer,
    ...(spent !== undefined && { spent }),
    ...(before?.told !== undefined && { told: before.told }),
    // With a key of the owner's own that fits, the trouble is over; another one is told again.
    ...(before?.toldKey !== undefined && report.key !== 'own' && { toldKey: before.toldKey }),
    key: report.key,
    at: now,
  };
};

/** What stands in `layout.keyOrigin`; undefined while there is no gateway with a key. */
export type Origin = string | undefined;

/** What the gateway should do about its key: give the shared one up, or take it back. */
export function keyMove(withdrawn: boolean, origin: Origin): 'give-up' | 'take-back' | undefined {
  if (withdrawn) return isShared(origin) ? 'give-up' : undefined;
  return origin === 'withdrawn' ? 'take-back' : undefined;
}

/** Whether the plane's next word changes what the owner is answered with: nothing, or not for long. */
const waitsForPlane = (withdrawn: boolean, origin: Origin): boolean =>
  keylessBy(origin) === 'withdrawn' || keyMove(withdrawn, origin) !== undefined;

/** Until the next look, in milliseconds. */
export const pauseAfter = (withdrawn: boolean, origin: Origin): number =>
  waitsForPlane(withdrawn, origin) ? LOOK_WITHDRAWN_MS : LOOK_MS;

/** Whether a report is due. */
export function isDue(
  before: BudgetState | undefined,
  report: UsageReport,
  now: number,
  origin: Origin,
): boolean {
  if (before === undefined || waitsForPlane(before.withdrawn, origin)) return true;
  const grown = report.usd !== undefined && report.usd !== before.spent;
  const old = now - before.at >= REPEAT_MS || now < before.at;
  return grown || old || report.month !== before.month || report.key !== before.key;
}

/**
 * The name of a used-up budget that the owner was not told about yet: noted while they run on a key of their
 * own, and another when the shared key is withdrawn.
 */
export function untold({
  usd,
  limit,
  month,
  withdrawn,
  key,
  told,
}: BudgetState): string | undefined {
  if (usd < limit || !(withdrawn || key === 'own')) return undefined;
  const name = `${month}/${limit}${withdrawn ? '' : '/noted'}`;
  return told === name ? undefined : name;
}

export interface News {
  readonly message: string;
  readonly idempotencyKey: string;
  /** What is to be remembered once it went out. */
  readonly told: Pick<BudgetState, 'told' | 'toldKey'>;
}

/** What the owner is to hear on WhatsApp now, each once. */
export function newsFor(
  state: BudgetState,
  origin: Origin,
  provider: Provider,
  texts: OwnerTexts,
): readonly News[] {
  const budget = untold(state);
  const spent: News | undefined =
    budget === undefined
      ? undefined
      : {
          message: state.key === 'own' ? texts.ownKey : texts.withdrawn,
          idempotencyKey: `agents-plane-budget-${budget}`,
          told: { told: budget },
        };
  // The shared key that stands in is given up in a moment.
  const standIn = origin === 'stand-in' && !state.withdrawn;
  const text = standIn || origin === 'misfit' ? texts[origin] : undefined;
  const name = `${origin}/${provider}`;
  const key: News | undefined =
    text === undefined || state.toldKey === name
      ? undefined
      : {
          message: text,
          idempotencyKey: `agents-plane-key-${name}`,
          told: { toldKey: name },
        };
  return [spent, key].filter((news) => news !== undefined);
}
