/**
 * Somebody else scans the code (a link that was forwarded), then the owner, whose first message the
 * gateway dies of: `agent pair` with the real OpenClaw, its WhatsApp plugin and ours, against a local WhatsApp.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { METADATA_PAIRING_REQUEST } from '../../contracts/pairing.ts';
import { VM_API_PATHS } from '../../contracts/vm-api.ts';
import type { Phone } from '../../local/whatsapp/phone.ts';
import { createWhatsapp, type Whatsapp } from '../../local/whatsapp/server.ts';
import { backupCommand } from '../../vm-bootstrap/commands/backup-whatsapp.ts';
import { type RunningAgent, startAgent } from './support/running-agent.ts';

const OWNER = '+15551234567';
const STRANGER = '+15550001189';
const WRONG = { scanned: '89', expected: '67' };

let whatsapp: Whatsapp;
let server: Server;
let agent: RunningAgent;
let service: ChildProcess;
let stranger: Phone;
let owner: Phone;

const last = () => agent.cloud.pairings.at(-1);
const code = (other?: string) =>
  agent.until(() => {
    const { state, qr } = last() ?? {};
    return (state === 'qr' && qr !== other && qr) || undefined;
  }, 60_000);

/** The service as its unit starts it, in a process of its own. */
function startService(): ChildProcess {
  const env = {
    AGENTS_PLANE_ROOT: agent.machine.root,
    GCE_METADATA_HOST: agent.cloud.metadataHost,
  };
  const main = join(import.meta.dirname, '../../vm-bootstrap/main.ts');
  return spawn(process.execPath, [main, 'pair'], { stdio: 'ignore', env });
}

/** What the plane was sent at this path, oldest first. */
const sentTo = (path: string) =>
  agent.cloud.bodies.filter((sent) => sent.path === path).map(({ body }) => JSON.parse(body));

beforeAll(async () => {
  whatsapp = createWhatsapp({ now: Date.now });
  server = createServer(whatsapp.listener).on('upgrade', whatsapp.upgrade);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws/chat`;
  agent = await startAgent({
    port: 20_510,
    keys: ['sk-ant-api03-shared-3b1c9f7e5dQw8Er'],
    env: { OPENCLAW_WHATSAPP_WEB_SOCKET_URL: url },
  });
  stranger = whatsapp.phone(STRANGER);
  owner = whatsapp.phone(OWNER);
  service = startService();
  await agent.until(() => last()?.state === 'idle' || undefined, 60_000);
}, 300_000);

afterAll(async () => {
  service.kill('SIGKILL');
  await agent.close();
  await whatsapp.close();
  server.closeAllConnections();
  server.close();
}, 240_000);

let first = '';

test('another phone: unlinked again, on its own list too; no word reaches it, no model is asked', async () => {
  agent.cloud.setAttribute(METADATA_PAIRING_REQUEST, 'first');
  first = await code();
  await stranger.scan(first);
  // Whoever has a forwarded link talks to the agent as soon as their phone says "linked".
  const talking = setInterval(() => void stranger.sendToSelf('What do you know?'), 100);
  await stranger.until(
    'its list to be empty',
    () => stranger.devices.length === 0 || undefined,
    30_000,
  );
  clearInterval(talking);
  await agent.until(() => (last()?.failures === 1 ? true : undefined), 30_000);
  expect(stranger.messages.length).toBeGreaterThan(1);
  expect(stranger.messages.filter(({ device }) => device > 0)).toEqual([]);
  expect(agent.asked).toEqual([]);
  expect(agent.cloud.pairings.map(({ state }) => state)).not.toContain('linked');
}, 120_000);

test('the plane hears of it, in two digits each; nothing is backed up, nothing was greeted', async () => {
  const reports = () => sentTo(VM_API_PATHS.wrongPhone);
  await agent.until(() => reports()[0], 30_000);
  expect(reports()).toHaveLength(1);
  expect(reports()[0]).toEqual({ ...WRONG, at: expect.any(String) });
  expect(await backupCommand(agent.machine.host, agent.machine.layout, true)).toBe(0);
  const others = agent.cloud.asked.filter((path) => /backup|channel/.test(path));
  expect(others).toEqual([]);
  expect(owner.messages).toEqual([]);
}, 60_000);

const isGreeting = ({ text }: { text: string }) => text.startsWith('Hey! 👋');

test('the page gets a fresh code by itself, and says why; the owner scans it and is greeted', async () => {
  const second = await code(first);
  expect(last()).toMatchObject({ state: 'qr', failures: 1, wrongPhone: WRONG });
  const scannedAt = Date.now();
  await owner.scan(second);
  const greeting = await owner.until(
    'the first message',
    ({ messages }) => messages.find(isGreeting),
    60_000,
  );
  // WhatsApp has it, and the transcript has not: OpenClaw cannot know that it went out.
  agent.crash.kill();
  process.stderr.write(`the first message came ${greeting.at - scannedAt} ms after the scan\n`);
  await agent.until(() => (last()?.state === 'linked' ? true : undefined), 30_000);
  expect(last()).not.toHaveProperty('wrongPhone');
  expect(stranger.messages.filter(({ device }) => device > 0)).toEqual([]);
  expect(owner.devices).toHaveLength(1);
}, 120_000);

test('the gateway died as WhatsApp had taken the first message: it is sent again, and the phone shows one', async () => {
  const { host, layout } = agent.machine;
  await agent.crash.start();
  // A new service tries at once: the one that saw the gateway die may wait up to five minutes.
  service.kill('SIGKILL');
  service = startService();
  const phase = () => JSON.parse(host.read(`${layout.pairingState}/greeting.json`) ?? '{}').phase;
  await agent.until(() => phase() === 'sent' || undefined, 120_000);
  expect(owner.messages.filter(isGreeting)).toHaveLength(1);
}, 240_000);

test('a number that is changed: the phone before is unlinked, told of once, and as no scan', async () => {
  const { host, layout } = agent.machine;
  const watched = () => JSON.parse(host.read(`${layout.pairingState}/channel.json`) ?? '{}');
  await agent.until(() => watched().linked || undefined);
  service.kill('SIGKILL');
  const settings = JSON.parse(host.read(layout.pairingSettings) ?? '');
  const changed = JSON.stringify({ ...settings, linkedPhone: '+15550002242' });
  host.write(layout.pairingSettings, changed, { mode: 0o600 });
  // An update restarts both; the gateway, which takes its time to end, has the number before.
  service = startService();
  await owner.until(
    'its list to be empty',
    ({ devices }) => devices.length === 0 || undefined,
    60_000,
  );
  const states = () => sentTo(VM_API_PATHS.channel).map(({ state }) => state);
  await agent.until(() => states().length > 1 || undefined);
  await agent.until(() => (last()?.state === 'linked' ? undefined : true));
  expect(states()).toEqual(['linked', 'number-changed']);
  expect(sentTo(VM_API_PATHS.wrongPhone)).toHaveLength(1);
  expect(last()).not.toHaveProperty('wrongPhone');
}, 240_000);
