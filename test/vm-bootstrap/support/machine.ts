/** A machine in a temporary directory: the steps of bootstrap with the real OpenClaw where it belongs. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchKeyCommand } from '../../../vm-bootstrap/commands/fetch-key.ts';
import { forgetKeyCommand } from '../../../vm-bootstrap/commands/forget-key.ts';
import { layoutOf } from '../../../vm-bootstrap/core/layout.ts';
import { gatewayAddress } from '../../../vm-bootstrap/gateway.ts';
import { machineHost } from '../../../vm-bootstrap/host.ts';
import { request } from '../../../vm-bootstrap/http.ts';
import { readInputs } from '../../../vm-bootstrap/inputs.ts';
import { channelPlugins } from '../../../vm-bootstrap/steps/channel-plugins.ts';
import { files } from '../../../vm-bootstrap/steps/files.ts';
import { openclawConfig } from '../../../vm-bootstrap/steps/openclaw-config.ts';
import { type Context, converge } from '../../../vm-bootstrap/steps/step.ts';
import { users } from '../../../vm-bootstrap/steps/users.ts';
import { templates } from '../../../vm-bootstrap/templates.ts';
import type { Cloud } from './cloud.ts';
import { findOpenclaw } from './openclaw.ts';

export type TestMachine = Awaited<ReturnType<typeof createMachine>>;

export const newRoot = (): string => mkdtempSync(join(tmpdir(), 'agent-machine-'));

/**
 * @param port where the gateway listens; 0 keeps the template's
 * @param root the machine's directory; a new one when left out
 */
export async function createMachine(cloud: Cloud, port = 0, root = newRoot()) {
  const lines: string[] = [];
  const host = machineHost({
    root,
    metadataHost: cloud.metadataHost,
    env: process.env,
    uid: process.getuid?.() ?? -1,
    log: (line) => lines.push(line),
  });
  const layout = layoutOf(root);
  const config = templates['openclaw.json'] ?? '';
  const adapted: Record<string, string> = {
    ...templates,
    ...(port > 0 && { 'openclaw.json': config.replace('18789', String(port)) }),
  };
  return {
    root,
    host,
    layout,
    lines,
    templates: adapted,
    context: async (): Promise<Context> => ({
      host,
      layout,
      templates: adapted,
      ...(await readInputs(host)),
    }),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** A machine that bootstrap has told what it is, and nothing more. */
export async function toldMachine(cloud: Cloud, root: string) {
  const machine = await createMachine(cloud, 0, root);
  const { facts } = await machine.context();
  machine.host.write(machine.layout.facts, JSON.stringify(facts), { mode: 0o644 });
  return { ...machine, facts };
}

/** Puts OpenClaw where the image has it. */
export function installOpenclaw(
  machine: TestMachine,
  openclaw: { directory: string; node: string },
) {
  mkdirSync(join(machine.root, 'opt/agents-plane/node/bin'), { recursive: true });
  symlinkSync(openclaw.node, machine.layout.node);
  symlinkSync(openclaw.directory, join(machine.root, 'opt/openclaw'));
}

/** The gateway as its unit starts it, without the hardening. */
export function startGateway(
  machine: TestMachine,
  environment: Readonly<Record<string, string>> = {},
): ChildProcess {
  const { layout } = machine;
  return spawn(layout.node, [layout.openclaw, 'gateway'], {
    cwd: layout.state,
    stdio: 'ignore',
    env: {
      PATH: process.env.PATH,
      HOME: layout.state,
      OPENCLAW_STATE_DIR: layout.state,
      OPENCLAW_CONFIG_PATH: layout.openclawConfig,
      OPENCLAW_SERVICE_REPAIR_POLICY: 'external',
      NODE_COMPILE_CACHE: join(tmpdir(), 'agents-plane-test-compile-cache'),
      ...environment,
    },
  });
}

/** Bootstrap's steps up to openclaw.json, with the real OpenClaw. */
export async function bootstrapMachine(cloud: Cloud, port: number): Promise<TestMachine> {
  const machine = await createMachine(cloud, port);
  installOpenclaw(machine, await findOpenclaw());
  await converge([users], machine);
  await converge([files, channelPlugins, openclawConfig], await machine.context());
  return machine;
}

/** A bootstrapped machine's gateway with its key, ready, as the unit's three commands do it. */
export async function bootGateway(
  machine: TestMachine,
  environment?: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
  const { host, layout } = machine;
  expect(await fetchKeyCommand(host, layout)).toBe(0);
  const gateway = startGateway(machine, environment);
  expect(await forgetKeyCommand(host, layout)).toBe(0);
  return gateway;
}

/** One turn over the same endpoint that `agent ask` uses. @returns the status, and the agent's answer */
export async function turn(
  { host, layout }: TestMachine,
  text: string,
): Promise<{ status: number; answer: string | undefined }> {
  const { port, token } = gatewayAddress(host, layout);
  const { status, text: body } = await request({
    url: `http://127.0.0.1:${port}/v1/chat/completions`,
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'openclaw/default',
      messages: [{ role: 'user', content: text }],
    }),
    timeoutMs: 120_000,
  });
  return { status, answer: JSON.parse(body).choices?.[0]?.message?.content };
}

export async function stopGateway(gateway: ChildProcess): Promise<void> {
  if (gateway.exitCode !== null) return;
  gateway.kill('SIGTERM');
  await once(gateway, 'exit');
}

const withDescendants = (pid: number): number[] => [
  pid,
  ...globSync(`/proc/${pid}/task/*/children`)
    .flatMap((path) => readFileSync(path, 'utf8').split(' '))
    .filter(Boolean)
    .flatMap((child) => withDescendants(Number(child))),
];

/** Kills it as a unit is killed, with all of its processes: the one that was started only starts another. */
export function killGateway({ pid = 0 }: ChildProcess): void {
  for (const each of withDescendants(pid)) process.kill(each, 'SIGKILL');
}
