/** Idempotency keys of the turns that a message may have been asked in. Pure (decision 060). */

export interface TurnKeys {
  /** Under which this attempt asks. The first attempt's is the message's own. */
  readonly ask: string;
  /** Of the one repeat that this attempt makes when a restart swallowed the turn before. */
  readonly repeat: string;
  /** All of this attempt and of those before it, the latest first. */
  readonly all: readonly string[];
}

const askKey = (key: string, attempt: number): string =>
  attempt <= 1 ? key : `${key}/again/${attempt}`;
const repeatKey = (key: string, attempt: number): string => `${askKey(key, attempt)}/again`;

/**
 * Under the key of a turn that ended in failure OpenClaw gives its failure again, for five minutes: so
 * every attempt has keys of its own.
 * @param key the message's
 * @param attempt 1 for the first; one that was not charged has the number of the one before it
 */
export function keysOf(key: string, attempt: number): TurnKeys {
  const all = Array.from({ length: Math.max(attempt, 1) }, (_, index) => [
    askKey(key, index + 1),
    repeatKey(key, index + 1),
  ]);
  return {
    ask: askKey(key, attempt),
    repeat: repeatKey(key, attempt),
    all: all.flat().toReversed(),
  };
}
