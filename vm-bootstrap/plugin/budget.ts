/**
 * While the shared key is withdrawn, every message is answered with a notice and no model is
 * asked; what the agent does unasked (heartbeat, cron) is left out in silence.
 */

import { readFileSync } from 'node:fs';
import type { PluginApi } from './openclaw.ts';

/** What fetch-key writes when there is no key to run on (commands/fetch-key.ts). */
const WITHDRAWN = 'withdrawn';

function isWithdrawn(keyOrigin: string): boolean {
  try {
    return readFileSync(keyOrigin, 'utf8') === WITHDRAWN;
  } catch {
    // The gateway is starting, or a key is being changed: the key itself decides.
    return false;
  }
}

/**
 * @param keyOrigin path of the file that says whose key the gateway holds
 * @param notice read anew each time: it names the budget, which may change meanwhile
 */
export function answerWithoutKey(api: PluginApi, keyOrigin: string, notice: () => string): void {
  api.on(
    'before_agent_reply',
    async () => (isWithdrawn(keyOrigin) ? { handled: true, reply: { text: notice() } } : undefined),
    { eligibleTriggers: ['user'] },
  );
  api.on(
    'before_agent_reply',
    async () => (isWithdrawn(keyOrigin) ? { handled: true } : undefined),
    {
      eligibleTriggers: ['heartbeat', 'cron'],
    },
  );
  // What comes by another way: a sub-agent, a hook.
  api.on('before_agent_run', () =>
    isWithdrawn(keyOrigin)
      ? { outcome: 'block', reason: 'the budget is used up', message: notice() }
      : undefined,
  );
}
