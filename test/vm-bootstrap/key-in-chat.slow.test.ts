/**
 * An API key that is written to the agent, with the real OpenClaw and our plugin in it: by the
 * gateway's WebSocket (what a channel's message becomes) and over HTTP (the bridge's way in).
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelRequest } from '../../local/model/conversation.ts';
import { fingerprintOf } from '../../local/model/server.ts';
import { fetchKeyCommand } from '../../vm-bootstrap/commands/fetch-key.ts';
import { forgetKeyCommand } from '../../vm-bootstrap/commands/forget-key.ts';
import { reloadKeyCommand } from '../../vm-bootstrap/commands/reload-key.ts';
import { gatewayAddress, withGateway } from '../../vm-bootstrap/gateway.ts';
import { request } from '../../vm-bootstrap/http.ts';
import { files } from '../../vm-bootstrap/steps/files.ts';
import { openclawConfig } from '../../vm-bootstrap/steps/openclaw-config.ts';
import { converge } from '../../vm-bootstrap/steps/step.ts';
import { users } from '../../vm-bootstrap/steps/users.ts';
import { whatsappPlugin } from '../../vm-bootstrap/steps/whatsapp-plugin.ts';
import { type Cloud, OWN, SHARED, startConfiguredCloud } from './support/cloud.ts';
import {
  createMachine,
  installOpenclaw,
  startGateway,
  stopGateway,
  type TestMachine,
} from './support/machine.ts';
import { findOpenclaw } from './support/openclaw.ts';
import { tracesOf } from './support/traces.ts';

const PORT = 20_450;
const SESSION = 'agent:main:main';
const KEYS = {
  shared: 'sk-ant-api03-shared-3b1c9f7e5dQw8Er',
  first: 'sk-ant-api03-first-a7d2e8c4b6Zx9Cv5Bn1Mq3Lw7',
  second: 'sk-ant-api03-second-f1e3d5c7b9Rt4Yu8Io2Pa6Sd',
  refused: 'sk-ant-api03-refused-9a8b7c6d5eFg3Hj7Kl1',
  openai: `sk-proj-${'h3Jk8Lm2Qw9Er5Ty'.repeat(4)}`,
  google: 'AIzaSyD3x_9Kf2-Lm8Qp5Rt7Vw1Yz4Bc6Hj0NsU',
} as const;

let cloud: Cloud;
let machine: TestMachine;
let gateway: ChildProcess;
let broker: ChildProcess;
let serving: Promise<void>;
const stop = new AbortController();
const asked: ModelRequest[] = [];

/** agents-plane-key.path and its service, where there is no systemd. */
async function keyService(): Promise<void> {
  const { host, layout } = machine;
  while (!stop.signal.aborted) {
    if (existsSync(layout.keyRequest)) {
      host.remove(layout.keyRequest);
      await reloadKeyCommand(host, layout);
    }
    await host.sleep(20);
  }
}

beforeAll(async () => {
  const openclaw = await findOpenclaw();
  cloud = await startConfiguredCloud([KEYS.shared, KEYS.first, KEYS.second]);
  await cloud.createSecret(OWN, 'secretAccessor', 'secretVersionManager');
  await cloud.createSecret(SHARED, 'secretAccessor');
  await cloud.addVersion(SHARED, KEYS.shared);
  cloud.model.script((one) => {
    asked.push(one);
    return undefined;
  });
  machine = await createMachine(cloud, PORT);
  installOpenclaw(machine, openclaw);
  await converge([users], machine);
  await converge([files, whatsappPlugin, openclawConfig], await machine.context());
  expect(await fetchKeyCommand(machine.host, machine.layout)).toBe(0);
  broker = spawn(process.execPath, ['vm-bootstrap/main.ts', 'broker', '--listen'], {
    cwd: join(import.meta.dirname, '../..'),
    env: {
      PATH: process.env.PATH,
      AGENTS_PLANE_ROOT: machine.root,
      GCE_METADATA_HOST: cloud.metadataHost,
    },
    stdio: 'ignore',
  });
  gateway = startGateway(machine);
  serving = keyService();
  expect(await forgetKeyCommand(machine.host, machine.layout)).toBe(0);
}, 300_000);

afterAll(async () => {
  stop.abort();
  await serving;
  await stopGateway(gateway);
  broker.kill('SIGTERM');
  await once(broker, 'exit');
  machine.remove();
  await cloud.close();
}, 60_000);

const call = (method: string, params: object): Promise<unknown> =>
  withGateway(gatewayAddress(machine.host, machine.layout), (rpc) => rpc.call(method, params));

async function until<T>(probe: () => Promise<T | undefined>, withinMs = 60_000): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error('timed out');
    await machine.host.sleep(100);
  }
}

let sent = 0;
/** Sends as a channel does, and gives back the run's final text. */
async function write(message: string): Promise<string> {
  sent += 1;
  const before = await history();
  await call('chat.send', { sessionKey: SESSION, message, idempotencyKey: `m${sent}` });
  return until(async () => {
    const now = await history();
    const last = now.at(-1);
    return now.length > before.length && last?.role === 'assistant' ? last.text : undefined;
  });
}

async function history(): Promise<{ role: string; text: string }[]> {
  const { messages } = (await call('chat.history', { sessionKey: SESSION })) as {
    messages: { role: string; content: string | { text?: string }[] }[];
  };
  return messages.map(({ role, content }) => ({
    role,
    text: typeof content === 'string' ? content : content.map(({ text }) => text ?? '').join('\n'),
  }));
}

/** One turn over the endpoint that the bridge and `agent ask` use. */
async function post(text: string): Promise<string> {
  const { port, token } = gatewayAddress(machine.host, machine.layout);
  const answer = await request({
    url: `http://127.0.0.1:${port}/v1/chat/completions`,
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'x-openclaw-session-key': SESSION,
    },
    body: JSON.stringify({
      model: 'openclaw/default',
      messages: [{ role: 'user', content: text }],
    }),
    timeoutMs: 120_000,
  });
  expect(answer.status).toBe(200);
  return JSON.parse(answer.text).choices[0].message.content;
}

const lastKey = () =>
  cloud.model.requests.filter(({ messages }) => messages > 0).at(-1)?.keyFingerprint;
const everythingAsked = () => JSON.stringify(asked);

test('before: turns run on the shared key', async () => {
  expect(await write('Good morning!')).toContain('Good morning');
  expect(lastKey()).toBe(fingerprintOf(KEYS.shared));
}, 150_000);

test('a key in the chat is stored and in use at the next turn, the gateway never restarted', async () => {
  const before = asked.length;
  expect(await write(`Here is my key: ${KEYS.first}`)).toMatch(/^All set! You're on your own key/);
  expect(await cloud.versions(OWN)).toEqual(['1 ENABLED']);
  expect(existsSync(machine.layout.keyFile)).toBe(false);
  expect(asked).toHaveLength(before);
  expect(gateway.exitCode).toBeNull();

  expect(await write('And now?')).toContain('And now?');
  expect(lastKey()).toBe(fingerprintOf(KEYS.first));
  expect(cloud.statuses.at(-1)).toMatchObject({ state: 'ready', key: 'own' });
}, 120_000);

test('the model is told in its next turn that it happened, and not what the key is', () => {
  expect(everythingAsked()).toContain('has just sent their own API key');
  expect(everythingAsked()).not.toContain(KEYS.first);
});

test('the conversation goes on: the model still has the first message', () => {
  expect(JSON.stringify(asked.at(-1))).toContain('Good morning!');
});

test('over HTTP, broken over two lines: the version before is destroyed', async () => {
  const { second } = KEYS;
  const before = asked.length;
  expect(await post(`${second.slice(0, 30)}\n${second.slice(30)}`)).toMatch(/^All set!/);
  expect(asked).toHaveLength(before);
  expect((await cloud.versions(OWN)).sort()).toEqual(['1 DESTROYED', '2 ENABLED']);
  await write('Still there?');
  expect(lastKey()).toBe(fingerprintOf(second));
}, 120_000);

test.each([
  ['its provider refuses', () => `Take ${KEYS.refused}`, /Anthropic doesn't accept that key/],
  ['is of OpenAI', () => `"${KEYS.openai}"`, /isn't one of Anthropic/],
  ['is of Google', () => `KEY=${KEYS.google}`, /isn't one of Anthropic/],
  ['is one of two', () => `${KEYS.first} ${KEYS.second}`, /several Anthropic keys/],
])(
  'a key that %s changes nothing and reaches no model',
  async (_, text, reply) => {
    const before = asked.length;
    expect(await write(text())).toMatch(reply);
    expect(asked).toHaveLength(before);
    expect((await cloud.versions(OWN)).sort()).toEqual(['1 DESTROYED', '2 ENABLED']);
  },
  60_000,
);

test('no file holds a key: state directory, databases byte by byte, logs', async () => {
  await write('Thanks!');
  const { first, second, refused, openai, google } = KEYS;
  const texts = [first, second, second.slice(30), refused, openai, google];
  const left = await until(async () => {
    const traces = tracesOf(texts, machine.root, '/tmp/openclaw');
    return traces.length === 0 ? traces : undefined;
  }, 30_000);
  expect(left).toEqual([]);
  expect(everythingAsked()).not.toContain(second);
}, 60_000);
