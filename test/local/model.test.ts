import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createModelServer, fingerprintOf, type ModelServer } from '../../local/model/server.ts';

const KEYS: Record<string, string> = {
  anthropic: 'sk-ant-right',
  openai: 'sk-right',
  google: 'AIza-right',
};

let model: ModelServer;
let server: Server;
let base: string;

beforeEach(async () => {
  model = createModelServer({ accepts: (provider, key) => KEYS[provider] === key });
  server = createServer(model.listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

const post = (path: string, headers: Record<string, string>, body: unknown) =>
  fetch(base + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

const jsonOf = async (response: Response) => JSON.parse(await response.text());

/** Parses an event stream as the providers' SDKs do. */
async function eventsOf(response: Response) {
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const blocks = (await response.text()).split('\n\n').filter(Boolean);
  return blocks.map((block) => {
    const field = (name: string) =>
      block
        .split('\n')
        .find((line) => line.startsWith(`${name}: `))
        ?.slice(name.length + 2);
    const data = field('data') ?? '';
    return { event: field('event'), data: data === '[DONE]' ? data : JSON.parse(data) };
  });
}

const QUESTION = 'What can you do?';
const SYSTEM = 'You are the agent of allison@nine30.com on WhatsApp. Use `agent mail` to mail.';

const ANTHROPIC = { 'x-api-key': 'sk-ant-right', 'anthropic-version': '2023-06-01' };
const messagesBody = {
  model: 'claude-sonnet-4-6',
  max_tokens: 100,
  system: [{ type: 'text', text: SYSTEM }],
  messages: [{ role: 'user', content: [{ type: 'text', text: QUESTION }] }],
};

describe('Anthropic Messages', () => {
  test('answers from what the request carries', async () => {
    const response = await post('/v1/messages', ANTHROPIC, messagesBody);
    const body = await jsonOf(response);
    expect(body).toMatchObject({ type: 'message', role: 'assistant', stop_reason: 'end_turn' });
    expect(body.content[0].text).toContain('allison@nine30.com');
    expect(body.content[0].text).toContain('email');
    expect(body.content[0].text).toContain('WhatsApp');
  });

  test('what OpenClaw tells the model for itself is not what the owner said', async () => {
    const aside =
      '<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>\nActive exec sessions: none\n<<<END_OPENCLAW_INTERNAL_CONTEXT>>>';
    const messages = [...messagesBody.messages, { role: 'user', content: aside }];
    const asked = await jsonOf(
      await post('/v1/messages', ANTHROPIC, { ...messagesBody, messages }),
    );
    const plain = await jsonOf(await post('/v1/messages', ANTHROPIC, messagesBody));
    expect(asked.content[0].text).toBe(plain.content[0].text);
  });

  test('the stream adds up to the whole answer', async () => {
    const whole = await jsonOf(await post('/v1/messages', ANTHROPIC, messagesBody));
    const stream = await post('/v1/messages', ANTHROPIC, { ...messagesBody, stream: true });
    const events = await eventsOf(stream);
    expect(events.map((e) => e.event)).toEqual(events.map((e) => e.data.type));
    expect(events[0]?.event).toBe('message_start');
    expect(events.at(-1)?.event).toBe('message_stop');
    const text = events.flatMap((e) => e.data.delta?.text ?? []).join('');
    expect(text).toBe(whole.content[0].text);
  });

  test('a scripted tool call arrives in pieces and stops with tool_use', async () => {
    const remove = model.script((request) =>
      request.turns.at(-1)?.role === 'user'
        ? { name: 'exec', input: { command: 'id' } }
        : undefined,
    );
    const events = await eventsOf(
      await post('/v1/messages', ANTHROPIC, { ...messagesBody, stream: true }),
    );
    const json = events.flatMap((e) => e.data.delta?.partial_json ?? []).join('');
    expect(JSON.parse(json)).toEqual({ command: 'id' });
    expect(events.find((e) => e.event === 'message_delta')?.data.delta.stop_reason).toBe(
      'tool_use',
    );
    remove();
    const after = await jsonOf(await post('/v1/messages', ANTHROPIC, messagesBody));
    expect(after.stop_reason).toBe('end_turn');
  });

  test('a tool result is a turn of its own', async () => {
    const messages = [
      ...messagesBody.messages,
      { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'exec', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'uid=0' }] },
    ];
    await post('/v1/messages', ANTHROPIC, { ...messagesBody, messages });
    expect(model.requests.at(-1)?.messages).toBe(2);
  });

  test.each([
    ['wrong', { 'x-api-key': 'sk-ant-wrong', 'anthropic-version': '2023-06-01' }],
    ['missing', { 'anthropic-version': '2023-06-01' }],
  ])('a %s key is 401', async (_, headers) => {
    const response = await post('/v1/messages', headers, messagesBody);
    expect(response.status).toBe(401);
    expect(await jsonOf(response)).toMatchObject({
      type: 'error',
      error: { type: 'authentication_error' },
    });
  });

  test.each([
    ['no messages', { ...messagesBody, messages: [] }],
    ['no max_tokens', { ...messagesBody, max_tokens: undefined }],
  ])('%s is 400', async (_, body) => {
    const response = await post('/v1/messages', ANTHROPIC, body);
    expect(response.status).toBe(400);
    expect((await jsonOf(response)).error.type).toBe('invalid_request_error');
  });

  test('the model list takes a key, too', async () => {
    const ok = await fetch(`${base}/v1/models`, { headers: ANTHROPIC });
    expect((await jsonOf(ok)).data[0]).toMatchObject({ type: 'model' });
    const no = await fetch(`${base}/v1/models`, { headers: { 'x-api-key': 'x' } });
    expect(no.status).toBe(401);
  });
});

const OPENAI = { authorization: 'Bearer sk-right' };

describe('OpenAI', () => {
  test('chat completions: the stream adds up to the whole answer and ends with [DONE]', async () => {
    const body = {
      model: 'gpt-5.4',
      messages: [
        { role: 'system', content: SYSTEM },
        { role: 'user', content: QUESTION },
      ],
    };
    const whole = await jsonOf(await post('/v1/chat/completions', OPENAI, body));
    expect(whole.choices[0].finish_reason).toBe('stop');
    const events = await eventsOf(
      await post('/v1/chat/completions', OPENAI, { ...body, stream: true }),
    );
    expect(events.at(-1)?.data).toBe('[DONE]');
    const text = events.flatMap((e) => e.data.choices?.[0]?.delta.content ?? []).join('');
    expect(text).toBe(whole.choices[0].message.content);
  });

  test('responses: the stream adds up and ends with response.completed', async () => {
    const body = { model: 'gpt-5.4', instructions: SYSTEM, input: QUESTION };
    const whole = await jsonOf(await post('/v1/responses', OPENAI, body));
    expect(whole.output[0].content[0].text).toContain('allison@nine30.com');
    const events = await eventsOf(await post('/v1/responses', OPENAI, { ...body, stream: true }));
    const text = events
      .filter((e) => e.event === 'response.output_text.delta')
      .map((e) => e.data.delta)
      .join('');
    expect(text).toBe(whole.output[0].content[0].text);
    expect(events.at(-1)?.event).toBe('response.completed');
    expect(events.map((e) => e.data.sequence_number)).toEqual(events.map((_, index) => index));
  });

  test('a wrong key is 401 invalid_api_key and the key is not repeated', async () => {
    const headers = { authorization: 'Bearer sk-wrong' };
    const response = await fetch(`${base}/v1/models`, { headers });
    expect(response.status).toBe(401);
    const text = await response.text();
    expect(JSON.parse(text).error.code).toBe('invalid_api_key');
    expect(text).not.toContain('sk-wrong');
  });
});

describe('Gemini', () => {
  const body = {
    systemInstruction: { parts: [{ text: SYSTEM }] },
    contents: [{ role: 'user', parts: [{ text: QUESTION }] }],
  };

  test('the stream adds up to the whole answer', async () => {
    const path = '/v1beta/models/gemini-3.1-pro';
    const headers = { 'x-goog-api-key': 'AIza-right' };
    const whole = await jsonOf(await post(`${path}:generateContent`, headers, body));
    const events = await eventsOf(
      await post(`${path}:streamGenerateContent?alt=sse&key=AIza-right`, {}, body),
    );
    const text = events.map((e) => e.data.candidates[0].content.parts[0].text).join('');
    expect(text).toBe(whole.candidates[0].content.parts[0].text);
    expect(events.at(-1)?.data.candidates[0].finishReason).toBe('STOP');
  });

  test('a wrong key is 400 API_KEY_INVALID, as at Google', async () => {
    const response = await fetch(`${base}/v1beta/models?key=wrong`);
    expect(response.status).toBe(400);
    expect((await jsonOf(response)).error.details[0].reason).toBe('API_KEY_INVALID');
  });
});

test('a recording says which key it was, and never the key', async () => {
  await post('/v1/messages', ANTHROPIC, messagesBody);
  expect(model.requests.at(-1)).toEqual({
    provider: 'anthropic',
    path: '/v1/messages',
    model: 'claude-sonnet-4-6',
    keyFingerprint: fingerprintOf('sk-ant-right'),
    messages: 1,
    tools: [],
    stream: false,
    status: 200,
  });
  expect(JSON.stringify(model.requests)).not.toContain('sk-ant-right');
});

test('broken JSON and unknown paths get the provider own error', async () => {
  const broken = await fetch(`${base}/v1/messages`, {
    method: 'POST',
    headers: ANTHROPIC,
    body: '{',
  });
  expect(broken.status).toBe(400);
  const lost = await fetch(`${base}/v1/nothing`, { headers: ANTHROPIC });
  expect([lost.status, (await jsonOf(lost)).error.type]).toEqual([404, 'not_found_error']);
});
