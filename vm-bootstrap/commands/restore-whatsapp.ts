/** `agent restore-whatsapp` (for hands, as root): the newest backup in place of a link that is gone. */

import { restoreCredentials } from '../backup/restore.ts';
import { parseFacts } from '../core/facts.ts';
import type { Layout } from '../core/layout.ts';
import { parsePairingSettings } from '../core/pairing-settings.ts';
import { startWhatsapp } from '../gateway.ts';
import type { Host } from '../host.ts';

const SENTENCES = {
  linked: 'WhatsApp is linked. Nothing was changed.',
  none: 'There is no backup of this agent. Nothing was changed.',
  restored: 'The backup is restored and the channel starts with it.',
} as const;

/** @returns the exit code: 0 when the link is there */
export async function restoreCommand(host: Host, layout: Layout): Promise<number> {
  const facts = parseFacts(host.read(layout.facts));
  const { linkedPhone } = parsePairingSettings(host.read(layout.pairingSettings));
  const outcome = await restoreCredentials(host, layout, facts, linkedPhone);
  if (outcome === 'restored') await startWhatsapp(host, layout);
  process.stdout.write(`${SENTENCES[outcome]}\n`);
  return outcome === 'none' ? 1 : 0;
}
