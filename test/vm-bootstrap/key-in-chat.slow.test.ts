/**
 * An API key that is written to the agent, with the real OpenClaw and our plugin in it: by the
 * gateway's WebSocket (what a channel's message becomes), over HTTP, and through the bridge.
 */

import { existsSync } from 'node:fs';
import { createOpenclaw } from '../../bridge/handlers/openclaw/openclaw.ts';
import type { AdmittedMessage } from '../../bridge/message.ts';
import { fingerprintOf } from '../../local/model/server.ts';
import { gatewayAddress } from '../../vm-bootstrap/gateway.ts';
import { request } from '../../vm-bootstrap/http.ts';
import { noFile } from '../bridge/support/bridge.ts';
import { OWN } from './support/cloud.ts';
import { type RunningAgent, startAgent } from './support/running-agent.ts';
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
// In pieces: whoever scans repositories for tokens takes a whole one for real.
const BOT_TOKEN = ['1234567890', 'AAH4k2mQ9xZ7vB3nC5pL8sD1fG6hJ0wE2rT'].join(':');

let agent: RunningAgent;

beforeAll(async () => {
  agent = await startAgent({ port: PORT, keys: [KEYS.shared, KEYS.first, KEYS.second] });
}, 300_000);

afterAll(() => agent.close(), 240_000);

const versions = async () => (await agent.cloud.versions(OWN)).sort();

let sent = 0;
/** Sends as a channel does, and gives back the run's final text. */
async function write(message: string): Promise<string> {
  sent += 1;
  const before = await history();
  await agent.call('chat.send', { sessionKey: SESSION, message, idempotencyKey: `m${sent}` });
  return agent.until(async () => {
    const now = await history();
    const last = now.at(-1);
    return now.length > before.length && last?.role === 'assistant' ? last.text : undefined;
  });
}

async function history(): Promise<{ role: string; text: string }[]> {
  const { messages } = (await agent.call('chat.history', { sessionKey: SESSION })) as {
    messages: { role: string; content: string | { text?: string }[] }[];
  };
  return messages.map(({ role, content }) => ({
    role,
    text: typeof content === 'string' ? content : content.map(({ text }) => text ?? '').join('\n'),
  }));
}

/** One turn over the endpoint that `agent ask` uses. */
async function post(text: string): Promise<string> {
  const { port, token } = gatewayAddress(agent.machine.host, agent.machine.layout);
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

const everythingAsked = () => JSON.stringify(agent.asked);

test('before: turns run on the shared key', async () => {
  expect(await write('Good morning!')).toContain('Good morning');
  expect(agent.lastKey()).toBe(fingerprintOf(KEYS.shared));
}, 150_000);

test('a key in the chat is stored and in use at the next turn, the gateway never restarted', async () => {
  const before = agent.asked.length;
  expect(await write(`Here is my key: ${KEYS.first}`)).toMatch(
    /^All set! Your key works and is stored/,
  );
  expect(await versions()).toEqual(['1 ENABLED']);
  expect(agent.asked).toHaveLength(before);
  expect(agent.gateway.exitCode).toBeNull();

  await agent.keyInUse('own 1');
  expect(existsSync(agent.machine.layout.keyFile)).toBe(false);
  expect(await write('And now?')).toContain('And now?');
  expect(agent.lastKey()).toBe(fingerprintOf(KEYS.first));
  expect(agent.cloud.statuses.at(-1)).toMatchObject({ state: 'ready', key: 'own' });
}, 120_000);

test('the model is told in its next turn that it happened, and not what the key is', () => {
  expect(everythingAsked()).toContain('has just sent their own API key');
  expect(everythingAsked()).not.toContain(KEYS.first);
});

test('the conversation goes on: the model still has the first message', () => {
  expect(JSON.stringify(agent.asked.at(-1))).toContain('Good morning!');
});

test('over HTTP, broken over two lines: the version before is destroyed', async () => {
  const { second } = KEYS;
  const before = agent.asked.length;
  expect(await post(`${second.slice(0, 30)}\n${second.slice(30)}`)).toMatch(/^All set!/);
  expect(agent.asked).toHaveLength(before);
  expect(await versions()).toEqual(['1 DESTROYED', '2 ENABLED']);
  await agent.keyInUse('own 2');
  await write('Still there?');
  expect(agent.lastKey()).toBe(fingerprintOf(second));
}, 120_000);

test('through the bridge: it reaches no model, and the owner is asked to delete the message', async () => {
  const { port, token } = gatewayAddress(agent.machine.host, agent.machine.layout);
  const handler = createOpenclaw({
    url: `ws://127.0.0.1:${port}`,
    token,
    role: 'operator',
    scopes: ['operator.read', 'operator.write'],
    sessionKey: 'main',
    sessionIsolation: true,
  });
  await handler.start();
  const before = agent.asked.length;
  const written: AdmittedMessage = {
    id: 'bridged',
    transport: 'kapso',
    sender: { id: '15550001111', phone: '+15550001111' },
    content: { kind: 'text', text: `My key is ${KEYS.refused}` },
    at: Date.now(),
    role: 'owner',
  };
  const { signal } = new AbortController();
  const attempt = { key: 'kapso:bridged', begun: false, attempt: 1, file: noFile, signal };
  const outcome = JSON.stringify(await handler.handle(written, attempt));
  await handler.stop();
  expect(outcome).toMatch(/Anthropic doesn't accept that key/);
  expect(outcome).toMatch(/Please delete your message with it now/);
  expect(agent.asked).toHaveLength(before);
}, 60_000);

test.each([
  ['its provider refuses', () => `Take ${KEYS.refused}`, /Anthropic doesn't accept that key/],
  ['is of OpenAI', () => `"${KEYS.openai}"`, /isn't one of Anthropic/],
  ['is of Google', () => `KEY=${KEYS.google}`, /isn't one of Anthropic/],
  ['is one of two', () => `${KEYS.first} ${KEYS.second}`, /several Anthropic keys/],
])(
  'a key that %s changes nothing and reaches no model',
  async (_, text, reply) => {
    const before = agent.asked.length;
    expect(await write(text())).toMatch(reply);
    expect(agent.asked).toHaveLength(before);
    expect(await versions()).toEqual(['1 DESTROYED', '2 ENABLED']);
  },
  60_000,
);

test('a bot token is put away unread; the model is told what it can be used for', async () => {
  const before = agent.asked.length;
  expect(await write(`The token is ${BOT_TOKEN}, and my id is 4242.`)).toMatch(
    /^I've put that token away safely, without reading it/,
  );
  expect(agent.asked).toHaveLength(before);
  const { host, layout } = agent.machine;
  expect(host.read(layout.heldTokens)).toContain(BOT_TOKEN);
  await write('go on');
  const next = JSON.stringify(agent.asked.at(-1));
  expect(next).toContain('has just sent a bot token');
  expect(next).toContain('It is of:) telegram');
  expect(next).toContain('The token is [bot token removed], and my id is 4242.');
}, 120_000);

test('no file holds a key: state directory, databases byte by byte, logs', async () => {
  await write('Thanks!');
  const { first, second, refused, openai, google } = KEYS;
  const texts = [first, second, second.slice(30), refused, openai, google, BOT_TOKEN];
  const left = await agent.until(async () => {
    const { root, layout } = agent.machine;
    const all = tracesOf(texts, root, '/tmp/openclaw');
    // Where a token waits for its channel, in memory on a VM.
    const traces = all.filter((path) => path !== layout.heldTokens);
    return traces.length === 0 ? traces : undefined;
    // Nine of the scrub's looks are within two minutes of the key.
  }, 120_000);
  expect(left).toEqual([]);
  expect(everythingAsked()).not.toContain(second);
  expect(everythingAsked()).not.toContain(BOT_TOKEN);
}, 150_000);
