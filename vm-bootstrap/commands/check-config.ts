/**
 * `agent check-config` (ExecStartPre of the gateway, as root): a file that OpenClaw refuses
 * would keep the gateway down for good (exit 78). The owner and the agent may edit
 * openclaw.json; the last one that was accepted takes the place of a broken one, which stays
 * beside it as openclaw.rejected.json.
 *
 * OpenClaw is asked (2 s) only when the content is not the one that it accepted last.
 */

import { GATEWAY_USER, type Layout } from '../core/layout.ts';
import type { Files } from '../files.ts';
import type { Host } from '../host.ts';
import { configDigest, judgeConfig } from '../openclaw-check.ts';

function remember(host: Host, layout: Layout, text: string): void {
  if (host.read(layout.goodConfig) !== text) host.write(layout.goodConfig, text, { mode: 0o600 });
  host.write(layout.validatedConfig, configDigest(host, layout, text), { mode: 0o600 });
}

function fallBack(host: Host, layout: Layout, agents: Files, broken: string | undefined): boolean {
  const good = host.read(layout.goodConfig) ?? host.read(layout.renderedConfig);
  if (good === undefined || good === broken) return false;
  if (broken !== undefined) agents.write(layout.rejectedConfig, broken, { mode: 0o600 });
  agents.write(layout.openclawConfig, good, { mode: 0o600 });
  return true;
}

/** @returns 0 always: whether the gateway starts is its own business. */
export async function checkConfigCommand(host: Host, layout: Layout): Promise<number> {
  const agents = host.as(GATEWAY_USER);
  const text = agents.read(layout.openclawConfig);
  if (text !== undefined) {
    if (host.read(layout.validatedConfig) === configDigest(host, layout, text)) {
      remember(host, layout, text);
      return 0;
    }
    // Our own rendering as it is: OpenClaw accepted each of them (openclaw-config.slow.test.ts).
    if (text === host.read(layout.renderedConfig)) return 0;
    const verdict = await judgeConfig(host, layout, layout.openclawConfig);
    if (verdict.accepted) {
      remember(host, layout, text);
      return 0;
    }
    if (!verdict.sure) return 0;
    host.log(`agent: OpenClaw refuses openclaw.json: ${verdict.complaint}`);
  }
  if (fallBack(host, layout, agents, text)) {
    host.log('agent: the last openclaw.json that worked is back; yours is openclaw.rejected.json');
  }
  return 0;
}
