/** Linking with the real OpenClaw and its WhatsApp plugin against the local WhatsApp. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { METADATA_PAIRING_REQUEST } from '../../contracts/pairing.ts';
import { createWhatsapp, type Whatsapp } from '../../local/whatsapp/server.ts';
import { fetchKeyCommand } from '../../vm-bootstrap/commands/fetch-key.ts';
import { forgetKeyCommand } from '../../vm-bootstrap/commands/forget-key.ts';
import { gatewayAddress, withGateway } from '../../vm-bootstrap/gateway.ts';
import { files } from '../../vm-bootstrap/steps/files.ts';
import { openclawConfig } from '../../vm-bootstrap/steps/openclaw-config.ts';
import { converge } from '../../vm-bootstrap/steps/step.ts';
import { users } from '../../vm-bootstrap/steps/users.ts';
import { type Cloud, DOCUMENT, GOOD_KEY, OWN, startConfiguredCloud } from './support/cloud.ts';
import {
  createMachine,
  installOpenclaw,
  startGateway,
  stopGateway,
  type TestMachine,
} from './support/machine.ts';
import { findOpenclaw } from './support/openclaw.ts';

const PORT = 20_170;

let whatsapp: Whatsapp;
let server: Server;
let cloud: Cloud;
let machine: TestMachine;
let gateway: ChildProcess;
let service: ChildProcess;

/** The service as its unit starts it. What it says is kept. */
function startService(): ChildProcess {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../vm-bootstrap/main.ts'), 'pair'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { AGENTS_PLANE_ROOT: machine.root, GCE_METADATA_HOST: cloud.metadataHost },
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => machine.lines.push(text));
  return child;
}

async function until<T>(what: string, probe: () => T | undefined | false, ms = 60_000): Promise<T> {
  const deadline = performance.now() + ms;
  for (;;) {
    const found = probe();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`timed out: ${what}: ${machine.lines.join('\n')}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

beforeAll(async () => {
  const openclaw = await findOpenclaw();
  whatsapp = createWhatsapp({ now: Date.now, settings: { firstCodeMs: 3_000, laterCodeMs: 2_000 } });
  server = createServer(whatsapp.listener).on('upgrade', whatsapp.upgrade);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  cloud = await startConfiguredCloud();
  await cloud.createSecret(OWN, 'secretAccessor', 'secretVersionManager');
  await cloud.addVersion(OWN, GOOD_KEY);
  machine = await createMachine(cloud, PORT);
  installOpenclaw(machine, openclaw);
  await converge([users], machine);
  await converge([files, openclawConfig], await machine.context());
  expect(await fetchKeyCommand(machine.host, machine.layout)).toBe(0);
  gateway = startGateway(machine, {
    OPENCLAW_WHATSAPP_WEB_SOCKET_URL: `ws://127.0.0.1:${port}/ws/chat`,
  });
  expect(await forgetKeyCommand(machine.host, machine.layout)).toBe(0);
  service = startService();
}, 300_000);

afterAll(async () => {
  service.kill('SIGKILL');
  await stopGateway(gateway);
  await whatsapp.close();
  server.close();
  machine.remove();
  await cloud.close();
}, 60_000);

const call = (method: string, params: object): Promise<unknown> =>
  withGateway(gatewayAddress(machine.host, machine.layout), (rpc) => rpc.call(method, params));

const last = () => cloud.pairings.at(-1);

test('links', async () => {
  await until('idle', () => last()?.state === 'idle');
  const t0 = performance.now();
  cloud.setAttribute(METADATA_PAIRING_REQUEST, 'first');
  const first = await until('a code', () => last()?.qr);
  console.log('first code after', performance.now() - t0, 'chars', first.length);
  const second = await until('another', () => last()?.qr !== first && last()?.qr);
  console.log('2nd after', performance.now() - t0, cloud.pairings.map(p => [p.state, p.until, p.at]));
  const t1 = performance.now();
  const phone = whatsapp.phone(DOCUMENT.userPhone);
  await phone.scan(second);
  console.log('scan done', performance.now() - t1);
  await until('linked', () => last()?.state === 'linked');
  console.log('linked', performance.now() - t1);
  const text = await phone.until('greeting', (p) => p.messages.find((m) => m.text?.startsWith('Hey!')), 30_000).catch((e) => String(e));
  console.log('greeting', performance.now() - t1, text, machine.lines, cloud.bodies);
  await new Promise((r) => setTimeout(r, 5000));
  console.log(phone.messages, JSON.stringify(await call('sessions.list', {}), null, 1).slice(0, 3000));
  console.log(JSON.stringify(await call('chat.history', { sessionKey: 'agent:main:main', limit: 200 }), null, 1).slice(0, 3000));
  console.log(JSON.stringify((await call('channels.status', {}) as any).channels, null, 1));
}, 200_000);
