/**
 * Who waits how long for whom when something is stored, from the inside out. Each waits longer than the one it
 * waits for: who gives up first reads that nothing was changed, while it is. Without the schema library, for the
 * plugin reads it at every start.
 */

/** For a right that was granted a moment ago (google/grant.ts), in a command that somebody can give again. */
export const GRANT_MS = 240_000;
/** What the attempts meanwhile take, one every five seconds, when Google takes a second for each. */
const ATTEMPTS_MS = 50_000;
/** For the plane, which makes a missing secret. */
export const PLANE_MS = 60_000;
/** A new version in a secret that may be missing. */
const STORE_MS = PLANE_MS + GRANT_MS + ATTEMPTS_MS;
/** What is asked before and after: the provider, Secret Manager, at 15 s each at the very most. */
const AROUND_MS = 40_000;
/** For the broker to have stored a key; our plugin does not wait until it is in use. */
export const STORED_KEY_MS = STORE_MS + AROUND_MS;

/** For another change of the channels to be over. */
export const CHANGE_LOCK_MS = 20_000;
/** For the gateway to have loaded the channels anew: 3 s, with a plugin of 43 MB some tens. */
export const RELOAD_MS = 270_000;
/**
 * All that the broker does for one request: of the longest, a channel that the gateway does not take and that is
 * put back, in a secret that was missing. RuntimeMaxSec of its unit, or systemd ends it before it has put back.
 */
export const BROKER_MS = CHANGE_LOCK_MS + STORE_MS + 2 * RELOAD_MS + AROUND_MS;
/** For the broker's answer, of whoever runs `agent`. */
export const ANSWER_MS = BROKER_MS + 10_000;
