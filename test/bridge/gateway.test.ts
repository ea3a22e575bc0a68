/** The OpenClaw handler at a gateway that says what a test wants; openclaw.slow.test.ts has the real one. */

import { createOpenclaw } from '../../bridge/handlers/openclaw/openclaw.ts';
import type { AdmittedMessage } from '../../bridge/message.ts';
import type { FileResult } from '../../bridge/ports.ts';
import { noFile, until } from './support/bridge.ts';
import { startGatewayServer } from './support/gateway-server.ts';

const optionsFor = (url: string) => ({
  url,
  token: 'test-token',
  role: 'operator',
  scopes: ['operator.read', 'operator.write'],
  sessionKey: 'main',
  sessionIsolation: true,
});
const message = (content: AdmittedMessage['content']): AdmittedMessage => ({
  id: 'm',
  transport: 'kapso',
  sender: { id: '15550001111', phone: '+15550001111' },
  content,
  at: 1,
  role: 'member',
});
const TEXT = message({ kind: 'text', text: 'hello' });
const PICTURE = message({ kind: 'media', media: 'image', file: { id: '1' } });
const { signal } = new AbortController();
const context = { key: 'kapso:m', attempt: 1, begun: false, file: noFile, signal };
const ok = (text: string) => ({ status: 'ok', result: { payloads: [{ text }] } });

test('a gateway that refuses its token is asked again, and says so meanwhile', async () => {
  let refusal: string | undefined = 'AUTH_TOKEN_MISMATCH';
  await using server = await startGatewayServer({
    connect: () => refusal,
    answer: () => ok('hello yourself'),
  });
  const refused: string[] = [];
  const handler = createOpenclaw({
    ...optionsFor(server.url),
    pausesMs: [50],
    onRefused: (code) => refused.push(code),
  });
  await handler.start();
  await until('two refusals', () => refused.length >= 2);
  expect(refused[0]).toBe('AUTH_TOKEN_MISMATCH');
  expect(handler.trouble?.()).toContain('AUTH_TOKEN_MISMATCH');
  refusal = undefined;
  expect(await handler.handle(TEXT, context)).toMatchObject({ kind: 'replies' });
  expect(handler.trouble?.()).toBeUndefined();
  await handler.stop();
});

describe('a turn that the gateway calls done, without an answer', () => {
  const OURS = { role: 'user', content: 'hello', idempotencyKey: 'kapso:m:user' };
  const after = (stopReason: string, content = '') => [{ role: 'assistant', content, stopReason }];
  test.each([
    ['failed, when nothing follows it', [], { kind: 'failed', begun: false }],
    ['failed, when an error follows it', after('error'), { kind: 'failed', begun: false }],
    ['over, when the agent chose to say nothing', after('stop'), { kind: 'replies', replies: [] }],
    [
      'answered, when the answer is in the transcript',
      after('stop', 'Hi!'),
      { kind: 'replies', replies: [{ text: 'Hi!' }] },
    ],
  ])('%s', async (_, rows, outcome) => {
    await using server = await startGatewayServer({
      answer: (method) =>
        method === 'agent.wait' ? { status: 'ok' } : { messages: [OURS, ...rows] },
    });
    const handler = createOpenclaw(optionsFor(server.url));
    await handler.start();
    expect(await handler.handle(TEXT, { ...context, begun: true })).toMatchObject(outcome);
    await handler.stop();
  });
});

test('a turn that does not end is waited for once at length, then shortly', async () => {
  let looks = 0;
  const history = () => {
    looks += 1;
    return { messages: [], sessionInfo: { hasActiveRun: true } };
  };
  await using server = await startGatewayServer({
    answer: (method) => (method === 'agent.wait' ? { status: 'timeout' } : history()),
  });
  // Looked at twice a second: some four times in the first attempt, and in a tenth of that at the most twice.
  const handler = createOpenclaw({ ...optionsFor(server.url), runTimeoutMs: 2_000 });
  await handler.start();
  const looksOf = async (attempt: number): Promise<number> => {
    looks = 0;
    const outcome = await handler.handle(TEXT, { ...context, begun: true, attempt });
    expect(outcome).toMatchObject({ kind: 'failed', begun: true });
    return looks;
  };
  expect(await looksOf(2)).toBeLessThanOrEqual(2);
  expect(await looksOf(1)).toBeGreaterThanOrEqual(2);
  await handler.stop();
});

test('few files are held at once, however many turns they begin', async () => {
  let turns = 0;
  await using server = await startGatewayServer({
    answer: () => {
      turns += 1;
      return undefined;
    },
  });
  const handler = createOpenclaw(optionsFor(server.url));
  await handler.start();
  let open = 0;
  let most = 0;
  const release = Promise.withResolvers<void>();
  const file = async (): Promise<FileResult> => {
    open += 1;
    most = Math.max(most, open);
    await release.promise;
    open -= 1;
    return { kind: 'file', bytes: Buffer.from('png'), mime: 'image/png' };
  };
  const ended = new AbortController();
  const all = Array.from({ length: 8 }, (_, n) =>
    handler.handle(PICTURE, { ...context, key: `kapso:${n}`, file, signal: ended.signal }),
  );
  await until('the first files', () => open > 0);
  release.resolve();
  // None of them is answered: a turn that goes on holds no file.
  await until('every turn', () => turns === 8);
  expect(most).toBeLessThanOrEqual(3);
  ended.abort();
  await Promise.all(all);
  await handler.stop();
});
