/**
 * The first process of a machine that is only a directory: does at boot what Debian's
 * google-guest-agent and systemd do on a VM. It runs the startup script of the instance
 * metadata, and units as systemctl's stand-in asks. Ends all of it on SIGTERM, or when the
 * hypervisor is gone. An entry point: AGENTS_PLANE_ROOT and GCE_METADATA_HOST say where.
 */

import { spawn } from 'node:child_process';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Supervisor } from './supervisor.ts';
import { systemctl } from './systemctl-verbs.ts';

const SCRIPT = 'instance/attributes/startup-script';
/** How long a unit may take to stop when the machine does, in milliseconds. */
const STOP_MS = 8000;

const root = process.env.AGENTS_PLANE_ROOT ?? '';
const metadata = process.env.GCE_METADATA_HOST ?? '';
const environment = process.env as Record<string, string>;

/** A line of the serial console, as the journal forwards it. */
function log(unit: string, text: string): void {
  for (const line of text.split('\n')) {
    if (line !== '') process.stdout.write(`${unit.replace(/\.service$/, '')}: ${line}\n`);
  }
}

const supervisor = new Supervisor({ root, environment, log });

async function listen(): Promise<void> {
  const path = join(root, 'run/supervisor.sock');
  rmSync(path, { force: true });
  const server = createServer((socket) => {
    let request = '';
    socket.setEncoding('utf8').on('error', () => {});
    socket.on('data', async (chunk: string) => {
      request += chunk;
      if (!request.endsWith('\n')) return;
      const argv = JSON.parse(request) as string[];
      socket.end(JSON.stringify(await systemctl(supervisor, argv)));
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  chmodSync(path, 0o600);
}

/** https://cloud.google.com/compute/docs/instances/startup-scripts/linux: at every boot. */
async function runStartupScript(): Promise<void> {
  const response = await fetch(`http://${metadata}/computeMetadata/v1/${SCRIPT}`, {
    headers: { 'Metadata-Flavor': 'Google' },
  });
  if (!response.ok) return log('startup-script', 'none in the metadata');
  const file = join(root, 'run/startup-script');
  writeFileSync(file, await response.text(), { mode: 0o700 });
  const child = spawn('bash', [file], {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => log('startup-script', text));
  }
  scripts.add(child);
  child.on('close', (code) => {
    scripts.delete(child);
    log('startup-script', `exit status ${code ?? 'by signal'}`);
  });
}

const scripts = new Set<ReturnType<typeof spawn>>();
let stopping = false;

async function powerOff(): Promise<void> {
  if (stopping) return;
  stopping = true;
  for (const { pid } of scripts) {
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    } catch {
      // It ended meanwhile.
    }
  }
  await supervisor.stopAll(STOP_MS);
  process.exit(0);
}

process.on('SIGTERM', () => void powerOff());
process.on('disconnect', () => void powerOff());
// Writing to a console that nobody reads any more must not end the machine out of order.
process.stdout.on('error', () => {});
await listen();
await supervisor.startEnabled();
await runStartupScript();
