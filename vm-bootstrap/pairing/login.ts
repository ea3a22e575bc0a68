/**
 * One login at the gateway, as a stream of codes: RPC `web.login.start`, then `web.login.wait`
 * in a loop, which answers at once when the code changed
 * (docs/gateway/protocol/rpc-system-and-channels.md of OpenClaw, and its WhatsApp plugin's
 * login-qr: 2026.9.6).
 */

import { ATTEMPT_MS } from '../core/pairing-schedule.ts';
import type { Gateway } from '../gateway.ts';

/** Until WhatsApp gave the first code. */
const START_MS = 30_000;
/** The longest silence of one `web.login.wait`; the first code lives longer than that. */
const WAIT_MS = 25_000;
/** A connection for one login lives no longer than this. */
export const LOGIN_CONNECTION_MS = START_MS + ATTEMPT_MS + 2 * WAIT_MS;

const CHANNEL = 'whatsapp';
/** A picture that no code is: the gateway answers with the one it has. */
const NO_CODE = 'data:image/png;base64,AA==';

interface LoginAnswer {
  readonly qrDataUrl?: string;
  readonly connected?: boolean;
}

export type LoginEvent =
  | { readonly type: 'code'; readonly qr: string }
  | { readonly type: 'connected' }
  | { readonly type: 'ended' };

/**
 * Ends with `connected` or `ended`.
 * @param resume the gateway may have a login already; none is started
 * @param now milliseconds, monotonic enough to measure a wait
 */
export async function* login(
  gateway: Gateway,
  resume: boolean,
  now: () => number,
): AsyncGenerator<LoginEvent, void, void> {
  let current = NO_CODE;
  if (!resume) {
    const answer = (await gateway.call('web.login.start', {
      channel: CHANNEL,
      timeoutMs: START_MS,
    })) as LoginAnswer;
    if (answer.connected) return yield { type: 'connected' };
    if (answer.qrDataUrl === undefined) return yield { type: 'ended' };
    current = answer.qrDataUrl;
    yield { type: 'code', qr: current };
  }
  for (;;) {
    const askedAt = now();
    const answer = (await gateway.call('web.login.wait', {
      channel: CHANNEL,
      timeoutMs: WAIT_MS,
      currentQrDataUrl: current,
    })) as LoginAnswer;
    if (answer.connected) return yield { type: 'connected' };
    if (answer.qrDataUrl !== undefined) {
      current = answer.qrDataUrl;
      yield { type: 'code', qr: current };
    } else if (now() - askedAt < WAIT_MS) {
      // Neither news nor patience: there is no login any more. The sentence that says why is
      // for people.
      return yield { type: 'ended' };
    }
  }
}
