/**
 * `agent check-config` (ExecStartPre of the gateway, as root): a file that OpenClaw refuses
 * would keep the gateway down for good (exit 78). The owner and the agent may edit
 * openclaw.json; the last one that was accepted takes the place of a broken one, which stays
 * beside it as openclaw.rejected.json. What only the plane decides (RULES) is put back.
 *
 * OpenClaw would also read JSON with comments; bootstrap and this do not, so it counts as broken.
 *
 * OpenClaw is asked (2 s) only when the content is not the one that it accepted last.
 */

import { parseObject, sameJson } from '../core/json.ts';
import { GATEWAY_USER, type Layout } from '../core/layout.ts';
import { mergeConfig } from '../core/merge-config.ts';
import { RULES } from '../core/openclaw-config.ts';
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

/** @returns the text that is in the file now; undefined when theirs cannot be read */
function enforce(host: Host, layout: Layout, agents: Files, text: string): string | undefined {
  const theirs = parseObject(text);
  const ours = parseObject(host.read(layout.renderedConfig));
  if (theirs === undefined || ours === undefined) return theirs && text;
  const enforced = mergeConfig(ours, ours, theirs, RULES);
  if (sameJson(enforced, theirs)) return text;
  const back = `${JSON.stringify(enforced, null, 2)}\n`;
  agents.write(layout.openclawConfig, back, { mode: 0o600 });
  host.log('agent: openclaw.json was changed in what only the plane decides; that is put back');
  return back;
}

/** Whether what is in the file may stay; what may is remembered. */
async function isGood(host: Host, layout: Layout, text: string): Promise<boolean> {
  if (host.read(layout.validatedConfig) === configDigest(host, layout, text)) {
    remember(host, layout, text);
    return true;
  }
  // Our own rendering as it is: OpenClaw accepted each of them (openclaw-config.slow.test.ts).
  if (text === host.read(layout.renderedConfig)) return true;
  const verdict = await judgeConfig(host, layout, layout.openclawConfig);
  if (verdict.accepted) remember(host, layout, text);
  else if (verdict.sure) host.log(`agent: OpenClaw refuses openclaw.json: ${verdict.complaint}`);
  return verdict.accepted || !verdict.sure;
}

/** @returns 0 always: whether the gateway starts is its own business. */
export async function checkConfigCommand(host: Host, layout: Layout): Promise<number> {
  const agents = host.as(GATEWAY_USER);
  const found = agents.read(layout.openclawConfig);
  const text = found === undefined ? undefined : enforce(host, layout, agents, found);
  if (text !== undefined && (await isGood(host, layout, text))) return 0;
  if (fallBack(host, layout, agents, found)) {
    host.log('agent: the last openclaw.json that worked is back; yours is openclaw.rejected.json');
  }
  return 0;
}
