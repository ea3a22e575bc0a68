/**
 * A data disk that is new and an agent that is not: the link comes back from the backup, before
 * the gateway starts. An account that was logged out has its disk, and nothing is restored: its
 * credentials are worth nothing any more.
 */

import { restoreCredentials } from '../backup/restore.ts';
import { usesWhatsappPlugin } from '../core/openclaw-config.ts';
import { linkedPhoneOf } from '../core/pairing-settings.ts';
import type { Context, Step } from './step.ts';

const TRIES = 3;
const PAUSE_MS = 2_000;

export const whatsappCredentials: Step<Context> = {
  name: 'whatsapp credentials',
  check: ({ host, layout, config }) =>
    !usesWhatsappPlugin(config) || host.exists(layout.restoreMark),
  async apply({ host, layout, facts, config }) {
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      try {
        const outcome = await restoreCredentials(host, layout, facts, linkedPhoneOf(config));
        if (outcome === 'restored')
          host.log('agent: WhatsApp credentials restored from the backup');
        break;
      } catch (error) {
        // An agent without its link is better than none: it can be linked again.
        host.log(`agent: no WhatsApp credentials restored: ${(error as Error).message}`);
        if (attempt < TRIES) await host.sleep(PAUSE_MS);
      }
    }
    host.write(layout.restoreMark, '', { mode: 0o600 });
  },
};
