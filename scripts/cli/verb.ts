/** What the commands over agents have in common: a request, its answer, what to do next. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { plan } from '../../contracts/agent.ts';
import { PlaneError } from '../../contracts/errors.ts';
import { agentName, CLI } from '../../contracts/names.ts';
import { type Client, connect } from './client.ts';
import { type Asked, hint, print } from './output.ts';

export interface VerbOptions extends Asked {
  readonly dryRun?: boolean;
}

/**
 * An empty name (a variable that is not set) or `..` would be the path of all agents, or of something else.
 * @throws PlaneError INVALID_ARGUMENT
 */
export function agentPath(name: string, action = ''): string {
  if (agentName.safeParse(name).success) return `/v1/agents/${name}${action && `/${action}`}`;
  const what = name.includes('@') ? "an email address, not an agent's name" : "no agent's name";
  const message = `${JSON.stringify(name)} is ${what}; they are listed by: ${CLI} list`;
  throw new PlaneError('INVALID_ARGUMENT', message);
}

/** Google takes longer than a request for some things; the same request goes on where it was. */
const ATTEMPTS = 10;
/** Milliseconds. Whoever is told to wait longer should do something else meanwhile. */
const LONGEST_WAIT = 60_000;

/** How long to wait before the same request may do; undefined when it never will. */
function waitAfter(error: unknown): number | undefined {
  if (!(error instanceof PlaneError) || error.details.length > 0) return undefined;
  if (error.code === 'DEADLINE_EXCEEDED') return 0;
  const { retryAfterMs = Number.POSITIVE_INFINITY } = error;
  return retryAfterMs <= LONGEST_WAIT ? retryAfterMs : undefined;
}

/** Every verb is safe to repeat. @throws PlaneError */
export async function insist(client: Client, method: string, path: string, body?: unknown) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await client.call(method, path, body);
    } catch (error) {
      const wait = waitAfter(error);
      if (wait === undefined || attempt === ATTEMPTS) throw error;
      const why = wait === 0 ? 'Google is still at it' : `busy, again in ${wait / 1000} s`;
      hint(`${why}; going on.`);
      await sleep(wait);
    }
  }
}

export function showPlan(value: unknown): void {
  const { agent, steps } = plan.parse(value);
  hint(
    steps.length === 0
      ? `${agent} is as asked for: nothing to do`
      : `${steps.length} step(s); without --dry-run they are taken`,
  );
}

/** One verb whose answer is the agent. */
export async function ask(
  name: string,
  action: string,
  options: VerbOptions,
  request: { readonly method?: string; readonly body?: unknown } = {},
): Promise<void> {
  const client = await connect(process.env);
  const path = `${agentPath(name, action)}${options.dryRun ? '?dryRun=true' : ''}`;
  const { status, body } = await insist(client, request.method ?? 'POST', path, request.body);
  print(body, options.json);
  if (options.json) return;
  if (options.dryRun) showPlan(body);
  else hint(status === 202 ? `follow it with: ${CLI} get ${name}` : 'nothing to change');
}

export const pageQuery = (token: string | undefined, more: Record<string, string> = {}): string => {
  const query = new URLSearchParams({ ...more, ...(token ? { pageToken: token } : {}) });
  return query.size > 0 ? `?${query}` : '';
};

export const example = (...lines: string[]): string =>
  `\nExamples:\n${lines.map((line) => `  ${CLI} ${line}`).join('\n')}`;

/** @param first example of what it is told beside the agent */
export function addVerb(program: Command, name: string, description: string, first = ''): Command {
  const line = [name, 'allison', ...(first ? [first] : [])].join(' ');
  return program
    .command(`${name} <agent>`)
    .description(description)
    .option('--dry-run', 'print the plan, touch nothing')
    .option('--json', 'print JSON')
    .addHelpText('after', example(line, `${line} --dry-run`));
}
