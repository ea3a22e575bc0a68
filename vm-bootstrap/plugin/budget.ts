/**
 * While there is no key to run on, every message is answered with a notice and no model is
 * asked; what the agent does unasked (heartbeat, cron) is left out in silence.
 */

import { readFileSync } from 'node:fs';
import { type Keyless, keylessBy } from '../core/key-origin.ts';
import type { PluginApi } from './openclaw.ts';

function keyless(keyOrigin: string): Keyless | undefined {
  try {
    return keylessBy(readFileSync(keyOrigin, 'utf8'));
  } catch {
    // The gateway is starting, or a key is being changed: the key itself decides.
    return undefined;
  }
}

/**
 * @param keyOrigin path of the file that says whose key the gateway holds
 * @param notice read anew each time: it names budget and provider, which may change meanwhile
 */
export function answerWithoutKey(
  api: PluginApi,
  keyOrigin: string,
  notice: (why: Keyless) => string,
): void {
  api.on(
    'before_agent_reply',
    async () => {
      const why = keyless(keyOrigin);
      return why && { handled: true, reply: { text: notice(why) } };
    },
    { eligibleTriggers: ['user'] },
  );
  api.on('before_agent_reply', async () => (keyless(keyOrigin) ? { handled: true } : undefined), {
    eligibleTriggers: ['heartbeat', 'cron'],
  });
  // What comes by another way: a sub-agent, a hook.
  api.on('before_agent_run', () => {
    const why = keyless(keyOrigin);
    return why && { outcome: 'block', reason: `no key: ${why}`, message: notice(why) };
  });
}
