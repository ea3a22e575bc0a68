/**
 * A data disk that is new and an agent that is not: the link comes back from the backup, before
 * the gateway starts. An account that was logged out has its disk, and nothing is restored: its
 * credentials are worth nothing any more. A plane or a secret that does not answer is waited for,
 * for a while (docs/decisions/037).
 */

import { PlaneError } from '../../contracts/plane-error.ts';
import { restoreCredentials } from '../backup/restore.ts';
import { usesWhatsappPlugin } from '../core/openclaw-config.ts';
import { linkedPhoneOf } from '../core/pairing-settings.ts';
import { startWhatsapp } from '../gateway.ts';
import type { Context, Step } from './step.ts';

const TRIES = 3;
const PAUSE_MS = 2_000;
/** From the first failure; bootstrap is tried again every 30 s (agents-plane-bootstrap.service). */
const WAIT_MS = 10 * 60_000;

/** Looking again would find the same: the backup is damaged or not for this agent. */
const isSettled = (error: unknown): boolean =>
  error instanceof PlaneError && error.code === 'FAILED_PRECONDITION';

/** @returns undefined when it is settled, whatever came of it; else why nobody knows yet */
async function look({ host, layout, facts, config }: Context): Promise<string | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      const outcome = await restoreCredentials(host, layout, facts, linkedPhoneOf(config));
      if (outcome === 'restored') host.log('agent: WhatsApp credentials restored from the backup');
      // Looked for in vain before: the gateway runs without the link.
      if (outcome === 'restored' && host.exists(layout.restoreMark)) {
        await startWhatsapp(host, layout).catch(() =>
          host.log('agent: its channel starts with the gateway'),
        );
      }
      return undefined;
    } catch (error) {
      const { message } = error as Error;
      host.log(`agent: no WhatsApp credentials restored: ${message}`);
      if (isSettled(error)) return undefined;
      if (attempt === TRIES) return message;
      await host.sleep(PAUSE_MS);
    }
  }
}

/** Whether the agent waits for its link still. Later it is better off without: it can be linked again. */
function waits({ host, layout }: Context): boolean {
  const since = host.read(layout.restoreMark) ?? host.now().toISOString();
  host.write(layout.restoreMark, since, { mode: 0o600 });
  return host.now().getTime() < Date.parse(since) + WAIT_MS;
}

export const whatsappCredentials: Step<Context> = {
  name: 'whatsapp credentials',
  check: ({ host, layout, config }) =>
    !usesWhatsappPlugin(config) ||
    host.read(layout.restoreMark) === '' ||
    // A link of this disk was backed up: it had one.
    host.exists(layout.backupMark),
  async apply(context) {
    const { host, layout } = context;
    const unknown = await look(context);
    if (unknown === undefined) {
      host.write(layout.restoreMark, '', { mode: 0o600 });
    } else if (waits(context)) {
      throw new PlaneError(
        'UNAVAILABLE',
        `Whether there is a backup of the WhatsApp link is not known yet; this is tried again. ${unknown}`,
      );
    } else {
      host.log('agent: goes on without the WhatsApp link; the next bootstrap looks again');
    }
  },
};
