/** The OpenClaw handler with the real gateway (and the local model). */

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createOpenclaw } from '../../bridge/handlers/openclaw/openclaw.ts';
import type { AdmittedMessage } from '../../bridge/message.ts';
import type { HandlerOutcome } from '../../bridge/ports.ts';
import { createKapso } from '../../bridge/transports/kapso/kapso.ts';
import { startKapso } from '../../local/kapso/server.ts';
import { toReply } from '../../local/model/conversation.ts';
import { noFile, startBridge, until } from './support/bridge.ts';
import { createGateway, type TestGateway, TOKEN } from './support/openclaw.ts';

const PORT = 20_260;
/** A picture of one point, as PNG in base64. */
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await createGateway(PORT);
  await gateway.start();
}, 300_000);
afterAll(() => gateway.close(), 60_000);

const options = {
  url: `ws://127.0.0.1:${PORT}`,
  token: TOKEN,
  role: 'operator',
  scopes: ['operator.read', 'operator.write'],
  sessionKey: 'main',
  sessionIsolation: true,
};
const message = (id: string, text: string, from = '15550001111'): AdmittedMessage => ({
  id,
  transport: 'kapso',
  sender: { id: from, phone: `+${from}` },
  content: { kind: 'text', text },
  at: Date.now(),
  role: 'member',
});
const wordsOf = (outcome: HandlerOutcome): string[] =>
  outcome.kind === 'replies'
    ? outcome.replies.map((reply) => (reply.kind === 'text' ? reply.text : JSON.stringify(reply)))
    : [`${outcome.kind}: ${outcome.reason}`];
const turnsAsked = (): number =>
  gateway.model.requests.filter(({ messages }) => messages > 0).length;

test('a file of the workspace comes out; what lies elsewhere, or is linked there, does not', async () => {
  const handler = createOpenclaw(options);
  await handler.start();
  const { workspace } = gateway;
  const at = (name: string): string => join(workspace, name);
  const png = Buffer.from(PIXEL, 'base64');
  mkdirSync(workspace, { recursive: true });
  writeFileSync(at('pixel.png'), png);
  writeFileSync(join(workspace, '../outside.png'), png);
  symlinkSync(join(workspace, '../outside.png'), at('linked.png'));
  const said = `Here it is.\n\nMEDIA:${at('pixel.png')}\n\n[[react:👍]]`;
  const stopTalking = gateway.model.script(() => toReply(said));
  const { signal } = new AbortController();
  const context = { key: 'kapso:file', begun: false, attempt: 1, file: noFile, signal };
  const outcome = await handler.handle(message('file', 'send it', '15550004444'), context);
  stopTalking();
  if (outcome.kind !== 'replies') throw new Error(outcome.reason);
  expect(outcome.replies.map(({ kind }) => kind)).toEqual(['reaction', 'text', 'file']);
  const { path } = outcome.replies.find((one) => one.kind === 'file') ?? { path: '' };
  expect(await handler.open?.(path)).toEqual({ kind: 'file', bytes: png, mime: 'image/png' });
  const refused = { kind: 'refused', reason: 'the gateway does not give it out (404)' };
  for (const other of [at('linked.png'), join(workspace, '../outside.png'), at('../outside.png')]) {
    expect(await handler.open?.(other)).toEqual(refused);
  }
  const stranger = createOpenclaw({ ...options, token: 'another' });
  expect(await stranger.open?.(at('pixel.png'))).toMatchObject({ kind: 'refused' });
  await stranger.stop();
  await handler.stop();
}, 60_000);

test('a turn, and the same message asked again: one turn of the model', async () => {
  const handler = createOpenclaw(options);
  await handler.start();
  const context = {
    key: 'kapso:m1',
    begun: false,
    attempt: 1,
    file: noFile,
    signal: new AbortController().signal,
  };
  const before = turnsAsked();
  const first = await handler.handle(message('m1', 'hello there'), context);
  expect(wordsOf(first)).toEqual([expect.stringContaining('hello there')]);
  expect(wordsOf(first)[0]).toContain('[role: member]');
  const again = await handler.handle(message('m1', 'hello there'), { ...context, begun: true });
  expect(wordsOf(again)).toEqual(wordsOf(first));
  expect(turnsAsked() - before).toBe(1);
  await handler.stop();
}, 60_000);

test('a picture reaches the model, and a file that cannot be had is said to be so', async () => {
  const handler = createOpenclaw(options);
  await handler.start();
  const signal = new AbortController().signal;
  const picture: AdmittedMessage = {
    ...message('p1', '', '15550004444'),
    content: { kind: 'media', media: 'image', file: { mime: 'image/png' }, caption: 'what is it' },
  };
  // One red pixel.
  const bytes = Buffer.from(PIXEL, 'base64');
  const file = async () => ({ kind: 'file', bytes, mime: 'image/png' }) as const;
  const shown = await handler.handle(picture, {
    key: 'kapso:p1',
    begun: false,
    attempt: 1,
    file,
    signal,
  });
  expect(wordsOf(shown)).toEqual([expect.stringContaining('what is it')]);
  const missing = { key: 'kapso:p2', begun: false, attempt: 1, file: noFile, signal };
  const told = await handler.handle({ ...picture, id: 'p2' }, missing);
  expect(wordsOf(told)).toEqual([expect.stringContaining('could not be opened')]);
  await handler.stop();
}, 60_000);

test('a model that fails is a failure, with the cause for the operator', async () => {
  const handler = createOpenclaw(options);
  await handler.start();
  const stop = gateway.model.script(() => {
    throw new Error('broken on purpose');
  });
  const signal = new AbortController().signal;
  const outcome = await handler.handle(message('f1', 'fail', '15550009999'), {
    key: 'kapso:f1',
    begun: false,
    attempt: 1,
    file: noFile,
    signal,
  });
  stop();
  expect(outcome).toMatchObject({ kind: 'failed', reason: expect.stringContaining('failed') });
  // The model works again. Under the first attempt's key OpenClaw tells the old failure (decision 060).
  const again = (attempt: number) =>
    handler.handle(message('f1', 'fail', '15550009999'), {
      key: 'kapso:f1',
      begun: false,
      attempt,
      file: noFile,
      signal,
    });
  expect(await again(1)).toMatchObject({ kind: 'failed' });
  expect(wordsOf(await again(2))).toEqual([expect.stringContaining('fail')]);
  await handler.stop();
}, 120_000);

test('a turn that takes too long is a failure of its own, and its answer is found when it comes', async () => {
  const handler = createOpenclaw({ ...options, runTimeoutMs: 2_000 });
  await handler.start();
  const release = Promise.withResolvers<void>();
  gateway.hold(release.promise);
  const before = turnsAsked();
  const { signal } = new AbortController();
  const at = (attempt: number) =>
    handler.handle(message('slow', 'take your time', '15550008888'), {
      key: 'kapso:slow',
      begun: attempt > 1,
      attempt,
      file: noFile,
      signal,
    });
  const late = { kind: 'failed', begun: true };
  expect(await at(1)).toEqual({ ...late, reason: expect.stringContaining('no answer in time') });
  expect(await at(2)).toEqual({ ...late, reason: expect.stringContaining('does not end') });
  gateway.hold(undefined);
  release.resolve();
  // What is left of it may take longer than one attempt on a busy machine.
  let outcome = await at(3);
  for (let n = 4; outcome.kind !== 'replies' && n < 20; n += 1) outcome = await at(n);
  expect(wordsOf(outcome)).toEqual([expect.stringContaining('take your time')]);
  expect(turnsAsked() - before).toBe(1);
  await handler.stop();
}, 120_000);

test('check: a handshake, a wrong token, nobody there', async () => {
  expect(await createOpenclaw(options).check()).toMatchObject([{ ok: true }]);
  const wrong = await createOpenclaw({ ...options, token: 'wrong' }).check();
  expect(wrong).toMatchObject([{ ok: false }]);
  const nobody = await createOpenclaw({ ...options, url: 'ws://127.0.0.1:1' }).check();
  expect(nobody).toMatchObject([{ ok: false }]);
}, 60_000);

/** What a model says before it calls a tool: in the transcript, and no answer. */
const ON_THE_WAY = 'Let me look that up first.';

test.each([
  ['SIGTERM', '15550003333', 'at its first words'],
  ['SIGKILL', '15550007777', 'after a tool call'],
] as const)(
  'the gateway restarts (%s, %s) in the middle of a run, %s: the reply arrives once',
  async (signal, from, when) => {
    const kapso = await startKapso();
    const transport = createKapso({
      baseUrl: kapso.baseUrl,
      apiKey: kapso.apiKey,
      phoneNumberId: kapso.phoneNumberId,
      pollEveryMs: 50,
    });
    const bridge = await startBridge(transport, { handler: createOpenclaw(options) });
    await until('the first poll', () => kapso.polls > 0);
    const release = Promise.withResolvers<void>();
    let asked = false;
    if (when === 'at its first words') gateway.hold(release.promise);
    const stopWatching = gateway.model.script(({ tools }) => {
      const isFirst = !asked;
      asked = true;
      if (when !== 'after a tool call' || !isFirst) return undefined;
      expect(tools).toContain('session_status');
      gateway.hold(release.promise);
      return { text: ON_THE_WAY, toolCalls: [{ name: 'session_status', input: {} }] };
    });
    kapso.say(from, `remember ${signal}`);
    await until('the run', () => bridge.store.inbox.depth().open === 1);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const stopping = gateway.stop(signal);
    if (signal === 'SIGTERM') setTimeout(() => release.resolve(), 500);
    await stopping;
    gateway.hold(undefined);
    release.resolve();
    await gateway.start();
    await until('a reply', () => kapso.number.sent.length > 0, 120_000);
    await until('the inbox is empty', () => bridge.store.inbox.depth().open === 0);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(kapso.number.sent).toHaveLength(1);
    expect(JSON.stringify(kapso.number.sent)).not.toContain(ON_THE_WAY);
    expect(asked).toBe(true);
    expect(bridge.store.inbox.depth().dead).toBe(0);
    stopWatching();
    await bridge[Symbol.asyncDispose]();
    await kapso.close();
  },
  300_000,
);
