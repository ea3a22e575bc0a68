/** The program as an operator runs it: a process, a config file, the environment, the commands. */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type KapsoServer, startKapso } from '../../local/kapso/server.ts';
import { until } from './support/bridge.ts';

const MAIN = join(import.meta.dirname, '../../bridge/main.ts');
const NUMBER = '15550001111';

let kapso: KapsoServer;
let dir: string;
let config: string;
let healthPort: number;
let child: ChildProcess;
let log = '';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
const env = (): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: dir,
  KAPSO_API_KEY: kapso.apiKey,
  KAPSO_PHONE_NUMBER_ID: kapso.phoneNumberId,
});
const command = async (
  ...args: string[]
): Promise<{ stdout: string; stderr: string; code: number }> => {
  const argv = [MAIN, '--config', config, ...args];
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, argv, { env: env() });
    return { stdout, stderr, code: 0 };
  } catch (error) {
    return error as { stdout: string; stderr: string; code: number };
  }
};

beforeAll(async () => {
  kapso = await startKapso();
  dir = mkdtempSync(join(tmpdir(), 'bridge-process-'));
  config = join(dir, 'bridge.toml');
  healthPort = await freePort();
  writeFileSync(
    config,
    `[kapso]
base_url = "${kapso.baseUrl}"
[delivery]
poll_interval = 5
[gateway]
url = "ws://127.0.0.1:1"
[state]
dir = "~/state"
[security]
allowed_numbers = ["+${NUMBER}"]
[health]
addr = "127.0.0.1:${healthPort}"
`,
  );
  child = spawn(process.execPath, [MAIN, '--config', config], { env: env() });
  child.stdout?.on('data', (chunk: Buffer) => {
    log += chunk;
  });
  await until('ready', () => log.includes('"ready"'));
}, 30_000);
afterAll(async () => {
  if (child.exitCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await kapso.close();
  rmSync(dir, { recursive: true, force: true });
});

test('send: the running bridge sends what a command has queued', async () => {
  expect(await command('send', `+${NUMBER}`, 'Hello', 'there')).toMatchObject({
    stdout: 'queued\n',
  });
  await until('the send', () => kapso.number.sent.length === 1);
  expect(kapso.number.sent[0]?.request).toMatchObject({
    to: NUMBER,
    text: { body: 'Hello there' },
  });
  expect(await command('send', 'nobody', 'x')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('neither'),
  });
});

test('dead letters: listed without a whole number, tried again, dropped', async () => {
  kapso.number.failNext({ kind: 'error', status: 400, code: 131047 });
  await command('send', `+${NUMBER}`, 'too late');
  await until('the dead letter', () => log.includes('send-dead'));
  const { stdout } = await command('dead', 'list');
  expect(stdout).toMatch(
    /^out:2\t.*\tkapso:\+1555•••1111\t1 attempts\tWhatsApp error 131047\t[0-9a-f]{12}\n$/,
  );
  expect(await command('dead', 'retry', 'out:2')).toMatchObject({ stdout: 'done\n' });
  await until('the retry', () => kapso.number.sent.length === 2);
  expect(await command('dead', 'drop', 'out:2')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('out:2'),
  });
});

test('health and metrics; while the agent is away a message waits', async () => {
  kapso.say(NUMBER, 'a message nobody logs');
  await until('the handler', () => log.includes('handler-away'), 10_000);
  const health = await (await fetch(`http://127.0.0.1:${healthPort}/health`)).json();
  expect(health).toMatchObject({ inbox: { open: 1, dead: 0 } });
  const metrics = await (await fetch(`http://127.0.0.1:${healthPort}/metrics`)).text();
  expect(metrics).toMatch(/^bridge_inbox_open 1$/m);
  expect(metrics).toMatch(/^bridge_received_total\{verdict="admit",content="text"\} 1$/m);
  expect(metrics).not.toContain(NUMBER);
  expect(metrics).toMatch(/^bridge_channel\{transport="kapso",state="ok"\} 1$/m);
  const { stdout } = await command('status');
  expect(JSON.parse(stdout)).toMatchObject({
    channel: { transport: 'kapso', state: 'ok' },
    inbox: { open: 1 },
  });
}, 20_000);

test('a key that is refused is seen in health, metrics and status, without the key', async () => {
  const port = await freePort();
  const file = join(dir, 'refused.toml');
  writeFileSync(
    file,
    `[kapso]\nbase_url = "${kapso.baseUrl}"\napi_key = "of-last-year"\nphone_number_id = "${kapso.phoneNumberId}"\n[state]\ndir = "~/refused"\n[health]\naddr = "127.0.0.1:${port}"\n`,
  );
  const settings = { PATH: process.env.PATH, HOME: dir };
  const said = async (): Promise<string> => {
    const argv = [MAIN, '--config', file, 'status'];
    return (await promisify(execFile)(process.execPath, argv, { env: settings })).stdout;
  };
  const refused = spawn(process.execPath, [MAIN, '--config', file], { env: settings });
  let lines = '';
  refused.stdout?.on('data', (chunk: Buffer) => {
    lines += chunk;
  });
  await until('the log line', () => lines.includes('"state":"token-refused"'), 20_000);
  const of = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  const health = JSON.parse(await of('/health'));
  expect(health).toMatchObject({ state: 'channel-down', channel: { state: 'token-refused' } });
  const metrics = await of('/metrics');
  expect(metrics).toMatch(/^bridge_channel\{transport="kapso",state="token-refused"\} 1$/m);
  expect(metrics).toMatch(/^bridge_channel\{transport="kapso",state="ok"\} 0$/m);
  const status = await said();
  expect(JSON.parse(status)).toMatchObject({
    channel: {
      state: 'token-refused',
      since: expect.any(String),
      detail: expect.stringContaining('renew it'),
    },
  });
  const ended = once(refused, 'exit');
  refused.kill('SIGTERM');
  await ended;
  expect(JSON.parse(await said())).toMatchObject({
    channel: { state: 'unknown', detail: expect.stringContaining('is it running') },
  });
  expect(lines + status).not.toContain('of-last-year');
}, 60_000);

test('check names what does not work, and ends with 1', async () => {
  const { stdout, code } = await command('check', '--json');
  expect(code).toBe(1);
  const found = JSON.parse(stdout) as { what: string; ok: boolean }[];
  expect(found.map(({ what, ok }) => [what, ok])).toEqual([
    ['Kapso API key and phone number id', true],
    ['OpenClaw gateway', false],
    ['Who may write', true],
  ]);
}, 30_000);

test('check tries tailscale and the key for voice notes, where the settings have them', async () => {
  const file = join(dir, 'checked.toml');
  writeFileSync(
    file,
    `[kapso]\nbase_url = "${kapso.baseUrl}"\n[delivery]\nmode = "tailscale"\n[webhook]\nverify_token = "v"\nsecret = "s"\n[gateway]\nurl = "ws://127.0.0.1:1"\n[transcribe]\nprovider = "groq"\napi_key = "gsk-secret"\nbase_url = "${kapso.baseUrl}"\n`,
  );
  const argv = [MAIN, '--config', file, 'check'];
  const path = `${join(import.meta.dirname, 'support/tailscale')}:${process.env.PATH}`;
  const tailnet = { TAILSCALE_STATE: 'Running', TAILSCALE_CAPS: '{"https":null}' };
  const checked = promisify(execFile)(process.execPath, argv, {
    env: { ...env(), PATH: path, ...tailnet },
  });
  const { stdout } = await checked.catch((error: unknown) => error as { stdout: string });
  expect(stdout).toMatch(/^FAIL {2}Tailscale Funnel: allow this machine/m);
  expect(stdout).toMatch(/^FAIL {2}Voice notes: 127\.0\.0\.1:\d+: it refuses the key/m);
  expect(stdout).not.toContain('gsk-secret');
}, 30_000);

test('a second bridge on the same state is refused', async () => {
  expect(await command()).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Another bridge'),
  });
});

test('SIGTERM ends it with 0; no line has a number, a text or a key', async () => {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  for (const secret of [NUMBER, 'nobody logs', 'Hello there', kapso.apiKey]) {
    expect(log).not.toContain(secret);
  }
  expect(log).toContain('+1555•••1111');
});

test('delivery by Tailscale: the address is printed, the funnel ends with the bridge', async () => {
  const notes = join(dir, 'tailscale-notes');
  const port = await freePort();
  const file = join(dir, 'tailscale.toml');
  writeFileSync(
    file,
    `[kapso]\nbase_url = "${kapso.baseUrl}"\n[delivery]\nmode = "tailscale"\n[webhook]\naddr = "127.0.0.1:${port}"\nverify_token = "v"\nsecret = "s"\n[state]\ndir = "~/other"\n[health]\naddr = ""\n`,
  );
  const path = `${join(import.meta.dirname, 'support/tailscale')}:${process.env.PATH}`;
  const more = { PATH: path, TAILSCALE_STATE: 'Running', TAILSCALE_NOTES: notes };
  const tunnelled = spawn(process.execPath, [MAIN, '--config', file], {
    env: { ...env(), ...more },
  });
  let said = '';
  tunnelled.stdout?.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  await until('ready', () => said.includes('"ready"'), 20_000);
  expect(said).toContain('https://machine.tail1234.ts.net/webhook');
  await until('the funnel', () => existsSync(notes));
  const ended = once(tunnelled, 'exit');
  tunnelled.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  expect(readFileSync(notes, 'utf8')).toBe(`open ${port}\nclosed\n`);
}, 40_000);
