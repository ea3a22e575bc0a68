/** `agent pair` with the real OpenClaw and its WhatsApp plugin against the local WhatsApp. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { METADATA_PAIRING_REQUEST, PAIRING_ATTEMPTS_MAX } from '../../contracts/pairing.ts';
import { createWhatsapp, type Whatsapp } from '../../local/whatsapp/server.ts';
import { spacingAfter } from '../../vm-bootstrap/core/pairing-schedule.ts';

import { type Cloud, GOOD_KEY, OWN, startConfiguredCloud } from './support/cloud.ts';
import { bootGateway, bootstrapMachine, stopGateway, type TestMachine } from './support/machine.ts';

const PORT = 20_530;
/** WhatsApp's rhythm, faster: a connection is closed after five seconds. */
const RHYTHM = { firstCodeMs: 3_000, laterCodeMs: 2_000, codes: 2 };

let whatsapp: Whatsapp;
let server: Server;
let cloud: Cloud;
let machine: TestMachine;
let gateway: ChildProcess;
let service: ChildProcess;

/** The service as its unit starts it, in a process of its own. */
function startService(): ChildProcess {
  return spawn(
    process.execPath,
    [join(import.meta.dirname, '../../vm-bootstrap/main.ts'), 'pair'],
    {
      stdio: 'ignore',
      env: { AGENTS_PLANE_ROOT: machine.root, GCE_METADATA_HOST: cloud.metadataHost },
    },
  );
}

async function until<T>(what: string, probe: () => T | undefined | false): Promise<T> {
  const deadline = performance.now() + 120_000;
  for (;;) {
    const found = probe();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`timed out waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const last = () => cloud.pairings.at(-1);

beforeAll(async () => {
  whatsapp = createWhatsapp({ now: Date.now, settings: RHYTHM });
  server = createServer(whatsapp.listener).on('upgrade', whatsapp.upgrade);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  cloud = await startConfiguredCloud();
  await cloud.createSecret(OWN, 'secretAccessor', 'secretVersionManager');
  await cloud.addVersion(OWN, GOOD_KEY);
  machine = await bootstrapMachine(cloud, PORT);
  gateway = await bootGateway(machine, {
    OPENCLAW_WHATSAPP_WEB_SOCKET_URL: `ws://127.0.0.1:${port}/ws/chat`,
  });
  service = startService();
  await until('idle', () => last()?.state === 'idle');
}, 300_000);

afterAll(async () => {
  service.kill('SIGKILL');
  await stopGateway(gateway);
  await whatsapp.close();
  server.closeAllConnections();
  server.close();
  machine.remove();
  await cloud.close();
}, 240_000);

test('codes that nobody scans: expired, three times, then paused; a restart does not forget', async () => {
  for (let failures = 1; failures <= PAIRING_ATTEMPTS_MAX; failures++) {
    cloud.setAttribute(METADATA_PAIRING_REQUEST, `request-${failures}`);
    await until('a code', () => last()?.state === 'qr');
    await until(`failure ${failures}`, () => last()?.failures === failures);
  }
  // The client swaps codes by its own clock: in this rhythm it shows one a connection.
  const codes = new Set(cloud.pairings.flatMap(({ qr }) => qr ?? []));
  expect(codes.size).toBeGreaterThanOrEqual(PAIRING_ATTEMPTS_MAX);
  const paused = last();
  expect(paused).toMatchObject({ state: 'paused', failures: PAIRING_ATTEMPTS_MAX });
  const pause = Date.parse(paused?.retryAt ?? '') - Date.parse(paused?.at ?? '');
  expect(Math.abs(pause - spacingAfter(PAIRING_ATTEMPTS_MAX))).toBeLessThan(5_000);

  service.kill('SIGKILL');
  const before = cloud.pairings.length;
  service = startService();
  cloud.setAttribute(METADATA_PAIRING_REQUEST, 'too-early');
  await until('an answer', () => cloud.pairings.slice(before).at(-1)?.request === 'too-early');
  expect(last()).toMatchObject({ state: 'paused', retryAt: paused?.retryAt });
  expect(new Set(cloud.pairings.slice(before).map(({ state }) => state))).toEqual(
    new Set(['paused']),
  );
}, 300_000);
