/**
 * openclaw.json: rendered, merged with what others changed (`core/merge-config.ts`), tried
 * out by OpenClaw itself, and only then put in place of a working one.
 */

import { PlaneError } from '../../contracts/plane-error.ts';
import { template } from '../core/files.ts';
import { type JsonObject, parseObject, sameJson } from '../core/json.ts';
import { GATEWAY_USER, type Layout } from '../core/layout.ts';
import { mergeConfig } from '../core/merge-config.ts';
import { RULES, renderOpenclawConfig } from '../core/openclaw-config.ts';
import type { Files } from '../files.ts';
import type { Host } from '../host.ts';
import { configDigest, judgeConfig } from '../openclaw-check.ts';
import type { Context, Step } from './step.ts';

const TOKEN_BYTES = 32;

/** The gateway's token: random, made once in the agent's life, never shown. */
function gatewayToken(host: Host, layout: Layout): string {
  const known = host.read(layout.gatewayToken)?.trim();
  if (known) return known;
  const token = host.randomHex(TOKEN_BYTES);
  host.write(layout.gatewayToken, `${token}\n`, { mode: 0o600 });
  return token;
}

const readJson = (host: Files, path: string): JsonObject | undefined =>
  parseObject(host.read(path));

function desiredConfig(context: Context): { ours: JsonObject; merged: JsonObject } {
  const { host, layout, config, channels, ahead = [], facts, templates } = context;
  const ours = renderOpenclawConfig(template(templates, 'openclaw.json'), {
    config,
    channels,
    ahead,
    endpoints: facts.endpoints,
    gatewayToken: gatewayToken(host, layout),
    layout,
  });
  const base = readJson(host, layout.renderedConfig) ?? {};
  const theirs = readJson(host.as(GATEWAY_USER), layout.openclawConfig);
  return { ours, merged: mergeConfig(base, ours, theirs, RULES) };
}

/** @throws PlaneError with OpenClaw's complaint */
async function validate({ host, layout }: Context, candidate: string): Promise<void> {
  const verdict = await judgeConfig(host, layout, candidate);
  if (verdict.accepted) return;
  throw new PlaneError(
    'FAILED_PRECONDITION',
    `OpenClaw refuses the new openclaw.json: ${verdict.complaint}`,
  );
}

export const openclawConfig: Step<Context> = {
  name: 'openclaw.json',
  check(context) {
    const { host, layout } = context;
    const { ours, merged } = desiredConfig(context);
    return (
      sameJson(merged, readJson(host.as(GATEWAY_USER), layout.openclawConfig)) &&
      sameJson(ours, readJson(host, layout.renderedConfig))
    );
  },
  async apply(context) {
    const { host, layout } = context;
    const { ours, merged } = desiredConfig(context);
    const text = `${JSON.stringify(merged, null, 2)}\n`;
    const agents = host.as(GATEWAY_USER);
    const accepted = configDigest(host, layout, text);
    // At the first boot there is no working one to protect, and 2 s to win.
    const replaces = readJson(agents, layout.openclawConfig) !== undefined;
    if (replaces && host.read(layout.validatedConfig) !== accepted) {
      const candidate = `${layout.state}/openclaw.candidate.json`;
      agents.write(candidate, text, { mode: 0o600 });
      try {
        await validate(context, candidate);
      } finally {
        agents.remove(candidate);
      }
      host.write(layout.validatedConfig, accepted, { mode: 0o600 });
    }
    agents.write(layout.openclawConfig, text, { mode: 0o600 });
    host.write(layout.renderedConfig, `${JSON.stringify(ours, null, 2)}\n`, { mode: 0o600 });
  },
};
