/** `agent mail-keys`: looks again and again whether the owner mailed an API key. Runs until it is killed. */

import { takeMailedKeys } from '../broker/mail-keys.ts';
import { parseFacts } from '../core/facts.ts';
import type { Layout } from '../core/layout.ts';
import type { Host } from '../host.ts';

/** While the owner is expected to send one. */
const SOON_MS = 3 * 60_000;
/** With a key of their own they may still send another; and a plane that fails is left alone. */
const LATER_MS = 30 * 60_000;
/** The plane looks two days back; nobody writes more replies in that time. */
const SEEN_MAX = 100;

/** @returns how long to wait until the next look, milliseconds */
async function look(host: Host, layout: Layout, seen: string[]): Promise<number> {
  try {
    const found = await takeMailedKeys(host, layout, parseFacts(host.read(layout.facts)), seen);
    seen.splice(0, seen.length, ...found.slice(0, SEEN_MAX));
    return host.read(layout.keyOrigin) === 'own' ? LATER_MS : SOON_MS;
  } catch (error) {
    host.log(`agent mail-keys: ${(error as Error).message}`);
    return LATER_MS;
  }
}

export async function mailKeysCommand(host: Host, layout: Layout): Promise<never> {
  const seen: string[] = [];
  for (;;) await host.sleep(await look(host, layout, seen));
}
