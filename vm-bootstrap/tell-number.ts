/** Asks the bridge of a business number how its channel is, and tells the plane when it is deaf. */

import { BRIDGE_HEALTH } from './core/bridge.ts';
import { type ChannelHealth, resumed } from './core/channel-watch.ts';
import { type Facts, parseFacts } from './core/facts.ts';
import type { Layout } from './core/layout.ts';
import { bridgeSays, type NumberSeen, watchNumber } from './core/number-watch.ts';
import type { Host } from './host.ts';
import { readState, tryWrite } from './state-file.ts';
import { tellChannel } from './tell-channel.ts';

/** An answer that takes longer is none. */
const ANSWER_MS = 5_000;

/** In the journal. */
const WHO = 'agent meter';

/** How it was at the last look; beside what the meter keeps. */
const pathOf = ({ data }: Layout): string => `${data}/meter/number.json`;

async function look(host: Host, { numberVersion }: Facts, addr: string): Promise<NumberSeen> {
  if (numberVersion === undefined) return 'none';
  try {
    const { text } = await host.request({ url: `http://${addr}/health`, timeoutMs: ANSWER_MS });
    return bridgeSays(text) ?? 'silent';
  } catch {
    return 'silent';
  }
}

/**
 * One look. Never throws for a bridge or a plane that is away.
 * @param first after a start: the bridge may just be starting as well
 * @param addr where the bridge says how it is
 */
export async function tellNumber(
  host: Host,
  layout: Layout,
  first: boolean,
  addr = BRIDGE_HEALTH,
): Promise<void> {
  const facts = parseFacts(host.read(layout.facts));
  const path = pathOf(layout);
  const known = readState<ChannelHealth>(host, path, WHO);
  const before = first && known ? resumed(known) : known;
  const health = watchNumber(before, await look(host, facts, addr), host.now().getTime());
  const write = (value: ChannelHealth): void => {
    tryWrite(host, path, WHO, () => host.write(path, JSON.stringify(value), { mode: 0o600 }));
  };
  // Before it is told: what the plane took is said again in the same words.
  if (JSON.stringify(health) !== JSON.stringify(known)) write(health);
  const after = await tellChannel(host, facts.planeUrl, health, WHO);
  if (after !== health) write(after);
}

/** The agent is not on a business number now: the next one begins anew. */
export function forgetNumber(host: Host, layout: Layout): void {
  if (host.read(pathOf(layout)) !== undefined) host.remove(pathOf(layout));
}
