/** A machine in a temporary directory: the steps of bootstrap with the real OpenClaw where it belongs. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readInputs } from '../../../vm-bootstrap/commands/inputs.ts';
import { layoutOf } from '../../../vm-bootstrap/core/layout.ts';
import { machineHost } from '../../../vm-bootstrap/host.ts';
import type { Context } from '../../../vm-bootstrap/steps/step.ts';
import { templates } from '../../../vm-bootstrap/templates.ts';
import type { Cloud } from './cloud.ts';

export type TestMachine = Awaited<ReturnType<typeof createMachine>>;

/** @param port where the gateway listens; 0 keeps the template's. */
export async function createMachine(cloud: Cloud, port = 0) {
  const root = mkdtempSync(join(tmpdir(), 'agent-machine-'));
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

export async function stopGateway(gateway: ChildProcess): Promise<void> {
  if (gateway.exitCode !== null) return;
  gateway.kill('SIGTERM');
  await once(gateway, 'exit');
}
