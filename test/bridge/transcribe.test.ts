/** Voice notes: each provider's own request, a program on this machine, and what a failure means. */

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../bridge/config/load.ts';
import { withTranscripts } from '../../bridge/handlers/transcripts.ts';
import type { AdmittedMessage } from '../../bridge/message.ts';
import type { FileResult, HandlerContext } from '../../bridge/ports.ts';
import { checkTranscribe } from '../../bridge/transcribe/check.ts';
import { createTranscribe } from '../../bridge/transcribe/transcribe.ts';
import { handlerOf } from './support/bridge.ts';

const VOICE = { bytes: Buffer.from('OggS voice'), mime: 'audio/ogg' };
let asked: { req: IncomingMessage; body: string } | undefined;
let answer: { status: number; body: string } = { status: 200, body: '{}' };
const server = createServer((req, res) => {
  const chunks: Buffer[] = [];
  req.on('data', (chunk: Buffer) => chunks.push(chunk));
  req.on('end', () => {
    asked = { req, body: Buffer.concat(chunks).toString('latin1') };
    res.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
  });
});
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'transcribe-'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});
const settings = (toml: string) => {
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return loadConfig(`[transcribe]\nbase_url = "${base}"\n${toml}`, {}).transcribe;
};
const hear = (toml: string) => createTranscribe(settings(toml))?.(VOICE);

test.each(['groq', 'openai'])('%s: a form with file and model', async (provider) => {
  answer = { status: 200, body: '{"text":" Hello there. "}' };
  const said = await hear(`provider = "${provider}"\napi_key = "k"\nlanguage = "de"`);
  expect(said).toBe('Hello there.');
  expect([asked?.req.url, asked?.req.headers.authorization]).toEqual([
    '/v1/audio/transcriptions',
    'Bearer k',
  ]);
  expect(asked?.body).toContain('OggS voice');
  expect(asked?.body).toMatch(
    /name="model"\r\n\r\n(whisper-large-v3-turbo|gpt-4o-mini-transcribe)/,
  );
  expect(asked?.body).toMatch(/name="language"\r\n\r\nde/);
});

test('deepgram: the bytes alone', async () => {
  const results = { channels: [{ alternatives: [{ transcript: 'Hello there.' }] }] };
  answer = { status: 200, body: JSON.stringify({ results }) };
  expect(await hear('provider = "deepgram"\napi_key = "k"')).toBe('Hello there.');
  expect(asked?.body).toBe('OggS voice');
  expect(asked?.req.url).toBe('/v1/listen?model=nova-3&smart_format=true&detect_language=true');
  expect(asked?.req.headers).toMatchObject({
    authorization: 'Token k',
    'content-type': 'audio/ogg',
  });
});

test('local: the program is started without a shell, and leaves nothing behind', async () => {
  const program = join(folder, 'whisper-cli');
  const notes = join(folder, 'notes');
  writeFileSync(
    program,
    `#!/bin/sh\necho "$@" > ${notes}\nfor last; do :; done\ncat "$last" > "$last.txt"\n`,
  );
  chmodSync(program, 0o755);
  const toml = `provider = "local"\nmodel = "/models/ggml.bin; touch ${folder}/oops"\nprogram = "${program}"`;
  expect(await hear(toml)).toBe('OggS voice');
  const [, file = ''] = /-of (\S+)/.exec(readFileSync(notes, 'utf8')) ?? [];
  expect(() => readFileSync(file)).toThrow(/ENOENT/);
  expect(() => readFileSync(join(folder, 'oops'))).toThrow(/ENOENT/);
});

test('off by default; a provider without its key is refused', () => {
  expect(createTranscribe(loadConfig(undefined, {}).transcribe)).toBeUndefined();
  expect(() => settings('provider = "groq"')).toThrow(/transcribe.api_key/);
  expect(() => settings('provider = "local"')).toThrow(/transcribe.model/);
});

const note = (transcript?: string): AdmittedMessage => ({
  id: 'm1',
  transport: 'kapso',
  sender: { id: '15550001111' },
  role: 'member',
  at: 0,
  content: {
    kind: 'media',
    media: 'audio',
    file: { id: 'f', mime: 'audio/ogg', ...(transcript && { transcript }) },
  },
});
async function heardBy(
  toml: string,
  message: AdmittedMessage,
  found: FileResult = { kind: 'file', ...VOICE },
) {
  const failures: string[] = [];
  let seen: AdmittedMessage | undefined;
  const inner = handlerOf((given) => {
    seen = given;
    return { kind: 'replies', replies: [] };
  });
  const handler = withTranscripts(createTranscribe(settings(toml)), inner, (reason) =>
    failures.push(reason),
  );
  const context: HandlerContext = {
    key: 'k',
    begun: false,
    attempt: 1,
    file: async () => found,
    signal: new AbortController().signal,
  };
  const outcome = await handler.handle(message, context);
  if (outcome.kind !== 'replies') return outcome;
  const content = seen?.content;
  return { transcript: content?.kind === 'media' ? content.file.transcript : undefined, failures };
}

test('the agent reads the words; Kapso’s own are kept; a failure leaves a voice note', async () => {
  const groq = 'provider = "groq"\napi_key = "k"';
  answer = { status: 200, body: '{"text":"From groq"}' };
  expect(await heardBy(groq, note())).toEqual({ transcript: 'From groq', failures: [] });
  expect(await heardBy(groq, note('From Kapso'))).toMatchObject({ transcript: 'From Kapso' });
  answer = { status: 429, body: '{"error":"secret words"}' };
  expect(await heardBy(groq, note())).toEqual({
    transcript: undefined,
    failures: ['groq answered 429'],
  });
});

test.each([
  ['with words', 200, 'From groq'],
  ['without a word', 200, undefined],
  ['that the provider failed on', 500, undefined],
])('while the agent is away a voice note %s is heard once', async (_, status, words) => {
  answer = { status, body: JSON.stringify({ text: words ?? '' }) };
  let heard = 0;
  const transcribe = createTranscribe(settings('provider = "groq"\napi_key = "k"'));
  if (!transcribe) throw new Error('it is on');
  const given: (string | undefined)[] = [];
  const inner = handlerOf(({ content }) => {
    given.push(content.kind === 'media' ? content.file.transcript : undefined);
    if (given.length < 3) return { kind: 'away', reason: 'away', begun: false };
    return { kind: 'replies', replies: [] };
  });
  const counted: typeof transcribe = (voice) => {
    heard += 1;
    return transcribe(voice);
  };
  const handler = withTranscripts(counted, inner, () => {});
  const { signal } = new AbortController();
  const file = async () => ({ kind: 'file', ...VOICE }) as const;
  const context = { key: 'k', begun: false, attempt: 1, file, signal };
  for (let n = 0; n < 3; n += 1) await handler.handle(note(), context);
  expect(given).toEqual([words, words, words]);
  expect(heard).toBe(1);
  // It was answered: nothing of it is kept.
  await handler.handle(note(), context);
  expect(heard).toBe(2);
});

test('a voice note that may be had later is asked for again, before the agent is asked', async () => {
  const groq = 'provider = "groq"\napi_key = "k"';
  const gone: FileResult = { kind: 'refused', reason: 'HTTP 404' };
  expect(await heardBy(groq, note(), gone)).toEqual({ transcript: undefined, failures: [] });
  const later: FileResult = { kind: 'refused', reason: 'HTTP 503', passing: true };
  const failed = { kind: 'failed', reason: 'file: HTTP 503', begun: false };
  expect(await heardBy(groq, note(), later)).toEqual(failed);
});

describe('check', () => {
  const found = (toml: string, env = {}) => checkTranscribe(settings(toml), env);

  test('off: nothing to try', async () => {
    expect(await found('provider = "off"')).toEqual([]);
  });

  test.each([
    ['groq', '/v1/models', 'Bearer sk-secret'],
    ['openai', '/v1/models', 'Bearer sk-secret'],
    ['deepgram', '/v1/auth/token', 'Token sk-secret'],
  ])('%s: its key is tried, by a question that costs nothing', async (provider, path, header) => {
    const toml = `provider = "${provider}"\napi_key = "sk-secret"`;
    answer = { status: 200, body: '{}' };
    expect(await found(toml)).toMatchObject([{ ok: true }]);
    const { method, url, headers } = asked?.req ?? {};
    expect([method, url, headers?.authorization]).toEqual(['GET', path, header]);
    for (const [status, words] of [
      [401, 'check KAPSO_TRANSCRIBE_API_KEY'],
      [403, 'what it is allowed'],
      [404, 'transcribe.base_url'],
      [503, 'later'],
    ] as const) {
      answer = { status, body: '{"error":"sk-secret is wrong"}' };
      const [finding] = await found(toml);
      expect(finding).toMatchObject({ ok: false, detail: expect.stringContaining(words) });
      expect(JSON.stringify(finding)).not.toContain('sk-secret');
    }
  });

  test('nobody at the address', async () => {
    const { transcribe } = loadConfig(
      '[transcribe]\nprovider = "groq"\napi_key = "k"\nbase_url = "http://127.0.0.1:1"',
      {},
    );
    expect(await checkTranscribe(transcribe, {})).toMatchObject([
      { ok: false, detail: expect.stringContaining('does not answer') },
    ]);
  });

  test('local: the program starts, and its model is there', async () => {
    const model = join(folder, 'ggml.bin');
    const program = join(folder, 'whisper-check');
    const toml = (file: string, path: string) =>
      `provider = "local"\nmodel = "${path}"\nprogram = "${file}"`;
    writeFileSync(model, 'weights');
    writeFileSync(program, '#!/bin/sh\n[ "$1" = --help ]\n');
    chmodSync(program, 0o755);
    expect(await found(toml(program, model))).toMatchObject([{ ok: true }, { ok: true }]);
    expect(await found(toml('no-such-program', `${model}.gone`))).toMatchObject([
      { ok: false, detail: expect.stringContaining('install whisper.cpp') },
      { ok: false, detail: expect.stringContaining('cannot be read') },
    ]);
    writeFileSync(program, '#!/bin/sh\necho "no libwhisper.so" >&2; exit 127\n');
    expect(await found(toml(program, folder))).toMatchObject([
      { ok: false, detail: expect.stringContaining('does not start') },
      { ok: false, detail: expect.stringContaining('is no file') },
    ]);
  });
});
