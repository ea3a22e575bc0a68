/** A local plane of a test file's own, and the ways in which a test looks at it. */

import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Agent, agent as agentSchema } from '../../../contracts/agent.ts';
import { inBothHeaders } from '../../../local/google/cloud-run.ts';
import type { ExecResult } from '../../../local/machine.ts';
import { chooseKind, prepareMachines } from '../../../local/plane/hypervisor.ts';
import { type Plane, startPlane } from '../../../local/plane/plane.ts';
import { LOCAL } from '../../../local/plane/settings.ts';

export const MINUTE = 60_000;
/** Of this machine: what tests need is built there once. */
export const CACHE = process.env.AGENTS_PLANE_CACHE ?? join(homedir(), '.cache/agents-plane');
const POLL_MS = 150;
/** How long a script on a machine may take where a test does not say: a guard against hanging. */
const SCRIPT_MS = 4 * MINUTE;

type Kind = 'nspawn' | 'process';

/** Whether this host can run such machines; `why` is for the name of a test that is skipped. */
export async function canRun(kind: Kind): Promise<{ can: boolean; why: string }> {
  const choice = await chooseKind(
    CACHE,
    process.getuid?.() ?? -1,
    kind === 'process' ? 'process' : undefined,
  );
  return { can: choice.kind === kind, why: choice.reason };
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface ShellOptions {
  readonly user?: string;
  readonly stdin?: string;
  readonly timeoutMs?: number;
}

export interface Stage {
  readonly plane: Plane;
  /** The plane's own API, as its admin. */
  api(method: string, path: string, body?: object): Promise<Answer>;
  /** Emulated Google, as `principal` (default: the project's owner). */
  google(method: string, path: string, body?: object, principal?: string): Promise<Answer>;
  agent(name: string): Promise<Agent>;
  /** Follows an agent until it is in that state; returns the states on the way. Throws when it never is. */
  follow(name: string, state: Agent['state'], withinMs?: number): Promise<Agent['state'][]>;
  /** Runs a shell script on an agent's machine. */
  sh(name: string, script: string, options?: ShellOptions): Promise<ExecResult>;
  /** Standard output of a script that must succeed, trimmed. */
  out(name: string, script: string, options?: ShellOptions): Promise<string>;
  serialOutput(name: string): Promise<string>;
  close(): Promise<void>;
}

/** Waits until `probe` gives something. Throws with `what` when it does not in time. */
export async function until<T>(
  what: string | (() => string),
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  withinMs = 2 * MINUTE,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) {
      throw new Error(`timed out waiting for ${typeof what === 'string' ? what : what()}`);
    }
    await sleep(POLL_MS);
  }
}

async function ask(url: string, token: string, method: string, body?: object): Promise<Answer> {
  const answer = await fetch(url, {
    method,
    headers: {
      ...inBothHeaders(token),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
}

/** What can be asked of a running plane. */
function viewOf(plane: Plane): Omit<Stage, 'plane' | 'close'> {
  const api: Stage['api'] = async (method, path, body) =>
    ask(`${plane.apiUrl}${path}`, await plane.idToken(LOCAL.admin), method, body);
  const google: Stage['google'] = async (method, path, body, principal = `user:${LOCAL.admin}`) =>
    ask(
      `${plane.google.restUrl}${path}`,
      plane.google.tokens.access(principal).accessToken,
      method,
      body,
    );
  const agent: Stage['agent'] = async (name) =>
    agentSchema.parse((await api('GET', `/v1/agents/${name}`)).body);
  const sh: Stage['sh'] = async (name, script, options = {}) => {
    const machine = plane.google.compute.instances.byName(`agent-${name}`)?.machine;
    if (!machine) throw new Error(`no machine of agent ${name} runs`);
    return machine.exec(['/bin/sh', '-c', script], { timeoutMs: SCRIPT_MS, ...options });
  };
  /** What emulated Compute Engine really said: the plane tells an admin no more than the code. */
  const complaints = (): string =>
    plane.google.compute.operations
      .list(LOCAL.zone)
      .flatMap(({ error }) => error?.errors ?? [])
      .map(({ code, message }) => `; ${code}: ${message}`)
      .join('');
  return {
    api,
    google,
    agent,
    sh,
    async follow(name, state, withinMs = 5 * MINUTE) {
      const seen: Agent['state'][] = [];
      const steps: string[] = [];
      await until(
        () => `${name} to be ${state} (was: ${steps.join(', ')})${complaints()}`,
        async () => {
          const now = await agent(name);
          const step = now.reason === undefined ? now.state : `${now.state}: ${now.reason}`;
          if (steps.at(-1) !== step) steps.push(step);
          if (seen.at(-1) !== now.state) seen.push(now.state);
          return now.state === state;
        },
        withinMs,
      );
      return seen;
    },
    async out(name, script, options) {
      const result = await sh(name, script, options);
      if (result.code !== 0) {
        throw new Error(
          `exit code ${result.code} from ${script}: ${result.stdout}${result.stderr}`,
        );
      }
      return result.stdout.trim();
    },
    async serialOutput(name) {
      const path = `/compute/v1/projects/${LOCAL.project.id}/zones/${LOCAL.zone}/instances/agent-${name}/serialPort`;
      return ((await google('GET', path)).body as { contents: string }).contents;
    },
  };
}

export interface StageOptions {
  readonly kind: Kind;
  readonly sharedKey: string | undefined;
  /** Root file system that VMs boot from, where it is not that of infra/image. */
  readonly image?: string;
}

/** Starts a plane of one's own. Needs `dist/` (npm run build) and the cached image or OpenClaw. */
export async function openStage({ kind, sharedKey, image }: StageOptions): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'agents-plane-e2e-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const plane = await startPlane({
    root: join(import.meta.dirname, '../../..'),
    cacheDir: CACHE,
    runDir: join(folder, 'run'),
    env: process.env,
    machines: image
      ? { kind: 'nspawn', image }
      : await prepareMachines(kind, { cacheDir: CACHE, env: process.env }),
    sharedKey,
    now: Date.now,
  });
  stack.defer(() => plane.close());
  const all = stack.move();
  return { plane, ...viewOf(plane), close: () => all.disposeAsync() };
}
