/**
 * The welcome mail's state: one annotation on the agent's config secret, written with the
 * secret's etag, so that of two senders one wins.
 *
 * (none) -> `sending <id> <time>` -> `sent <id> <time>`; a send that Google refused goes
 * back to `refused <id> <time>`, from which anyone may start again.
 */

const PHASES = ['sending', 'sent', 'refused'] as const;

export interface WelcomeState {
  readonly phase: (typeof PHASES)[number];
  /** Id of the message, in its `X-Agents-Plane-Id` header. */
  readonly id: string;
  /** Milliseconds since the epoch */
  readonly at: number;
}

/**
 * How long `sending` belongs to whoever wrote it. A request takes at most 120 s (the functions' own
 * limit, scripts/setup/steps/70-functions.sh); the rest is for Gmail's search to see what was sent.
 */
const SENDING_LEASE_MS = 180_000;

export const formatWelcome = ({ phase, id, at }: WelcomeState): string =>
  `${phase} ${id} ${new Date(at).toISOString()}`;

/** Undefined when nothing was ever tried (or the text is not ours). */
export function parseWelcome(text: string | undefined): WelcomeState | undefined {
  const [first, id, time] = text?.split(' ') ?? [];
  const phase = PHASES.find((known) => known === first);
  if (!phase || !id) return undefined;
  return { phase, id, at: Date.parse(time ?? '') || 0 };
}

export type WelcomeMove = 'send' | 'done' | 'wait' | 'look';

/** What to do next: `look` means search the sender's SENT mail for the id first. */
export function nextMove(state: WelcomeState | undefined, now: number): WelcomeMove {
  if (!state || state.phase === 'refused') return 'send';
  if (state.phase === 'sent') return 'done';
  return now - state.at < SENDING_LEASE_MS ? 'wait' : 'look';
}
