/** Asking OpenClaw itself whether it accepts a configuration. */

import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { GATEWAY_USER, type Layout } from './core/layout.ts';
import type { Host } from './host.ts';

/** Seconds on an idle machine; what takes this long says nothing about the file. */
const VALIDATE_MS = 60_000;

/** Which content OpenClaw accepted: its own version counts, as a new one may think otherwise. */
export const configDigest = (host: Host, layout: Layout, text: string): string =>
  createHash('sha256')
    .update(host.read(`${dirname(layout.openclaw)}/package.json`) ?? '')
    .update(text)
    .digest('hex');

export type Verdict =
  | { readonly accepted: true }
  /** `sure` is false when OpenClaw did not get as far as looking at the file. */
  | { readonly accepted: false; readonly sure: boolean; readonly complaint: string };

interface Answer {
  readonly valid?: boolean;
  readonly issues?: readonly { readonly path: string; readonly message: string }[];
}

function answerOf(output: string): Answer {
  try {
    return JSON.parse(output) as Answer;
  } catch {
    return {};
  }
}

/** Runs `openclaw config validate` under the gateway's user. @param path of the file to judge */
export async function judgeConfig(host: Host, layout: Layout, path: string): Promise<Verdict> {
  const asUser = host.managed
    ? ['setpriv', `--reuid=${GATEWAY_USER}`, `--regid=${GATEWAY_USER}`, '--clear-groups', '--']
    : [];
  const result = await host.exec(
    [...asUser, layout.node, layout.openclaw, 'config', 'validate', '--json'],
    {
      cwd: layout.state,
      timeoutMs: VALIDATE_MS,
      env: {
        HOME: layout.state,
        OPENCLAW_STATE_DIR: layout.state,
        OPENCLAW_CONFIG_PATH: path,
        NODE_COMPILE_CACHE: `${layout.state}/.cache/node`,
      },
    },
  );
  if (result.code === 0) return { accepted: true };
  const { valid, issues = [] } = answerOf(result.stdout);
  const said = issues.map((issue) => `${issue.path}: ${issue.message}`).join('; ');
  const text = (said || result.stdout || result.stderr).replaceAll(/\s+/g, ' ').trim();
  return { accepted: false, sure: valid === false, complaint: text.slice(0, 300) };
}
