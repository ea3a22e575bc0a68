/**
 * Anthropic Messages API.
 * https://docs.anthropic.com/en/api/messages, .../messages-streaming, .../errors, .../models-list
 */

import { z } from 'zod';
import { chunksOf, inputTokens, type ModelRequest, spentOn, type Turn } from './conversation.ts';
import type { AnswerContext, Dialect, Endpoint, ErrorKind, StreamEvent } from './dialect.ts';

const part = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  content: z.unknown().optional(),
});
type Part = z.infer<typeof part>;
const content = z.union([z.string(), z.array(part)]);

const body = z.looseObject({
  model: z.string().min(1),
  max_tokens: z.number().int().min(1),
  system: content.optional(),
  messages: z
    .array(z.looseObject({ role: z.enum(['user', 'assistant', 'system']), content }))
    .min(1),
  tools: z.array(z.looseObject({ name: z.string() })).optional(),
  stream: z.boolean().optional(),
});

const textOf = (value: string | readonly Part[] | undefined): string =>
  typeof value === 'string' ? value : (value ?? []).flatMap((p) => p.text ?? []).join('\n');

/** Tool results travel inside user messages; here they are turns of their own. */
function turnsOf(message: z.infer<typeof body>['messages'][number]): Turn[] {
  const parts = typeof message.content === 'string' ? [] : message.content;
  const results = parts
    .filter((p) => p.type === 'tool_result')
    .map((p): Turn => {
      const inner = content.safeParse(p.content);
      return { role: 'tool', text: textOf(inner.data) };
    });
  const text = textOf(message.content);
  if (text === '') return results;
  return [...results, { role: message.role === 'assistant' ? 'assistant' : 'user', text }];
}

function parse(input: unknown): ModelRequest {
  const value = body.parse(input);
  return {
    provider: 'anthropic',
    model: value.model,
    system: textOf(value.system),
    turns: value.messages.flatMap(turnsOf),
    tools: (value.tools ?? []).map((tool) => tool.name),
    stream: value.stream ?? false,
  };
}

const blocksOf = ({ reply, id }: AnswerContext): object[] => [
  ...(reply.text === '' ? [] : [{ type: 'text', text: reply.text }]),
  ...reply.toolCalls.map((call, index) => ({
    type: 'tool_use',
    id: `toolu_${id}_${index}`,
    name: call.name,
    input: call.input,
  })),
];

const stopReason = ({ reply }: AnswerContext): string =>
  reply.toolCalls.length > 0 ? 'tool_use' : 'end_turn';

const usageOf = ({ request, reply }: AnswerContext, output: number): object => ({
  input_tokens: spentOn(request, reply).input,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: output,
});

const outputTokens = ({ request, reply }: AnswerContext): number => spentOn(request, reply).output;

const whole = (context: AnswerContext): object => ({
  id: `msg_${context.id}`,
  type: 'message',
  role: 'assistant',
  model: context.request.model,
  content: blocksOf(context),
  stop_reason: stopReason(context),
  stop_sequence: null,
  usage: usageOf(context, outputTokens(context)),
});

const event = (type: string, rest: object): StreamEvent => ({
  event: type,
  data: { type, ...rest },
});

/** One content block: start, deltas, stop. */
function block(index: number, start: object, deltas: readonly object[]): StreamEvent[] {
  return [
    event('content_block_start', { index, content_block: start }),
    ...deltas.map((delta) => event('content_block_delta', { index, delta })),
    event('content_block_stop', { index }),
  ];
}

function events(context: AnswerContext): readonly StreamEvent[] {
  const { reply, id } = context;
  const offset = reply.text === '' ? 0 : 1;
  const text =
    offset === 0
      ? []
      : block(
          0,
          { type: 'text', text: '' },
          chunksOf(reply.text).map((chunk) => ({ type: 'text_delta', text: chunk })),
        );
  const tools = reply.toolCalls.flatMap((call, index) =>
    block(
      offset + index,
      { type: 'tool_use', id: `toolu_${id}_${index}`, name: call.name, input: {} },
      [{ type: 'input_json_delta', partial_json: JSON.stringify(call.input) }],
    ),
  );
  const empty = {
    ...whole(context),
    content: [],
    stop_reason: null,
    usage: usageOf(context, 1),
  };
  return [
    event('message_start', { message: empty }),
    event('ping', {}),
    ...text,
    ...tools,
    event('message_delta', {
      delta: { stop_reason: stopReason(context), stop_sequence: null },
      usage: { output_tokens: outputTokens(context) },
    }),
    event('message_stop', {}),
  ];
}

const MODELS = ['claude-opus-4-6', 'claude-sonnet-4-6', 'claude-haiku-4-5'].map((id) => ({
  type: 'model',
  id,
  display_name: id,
  created_at: '2026-01-01T00:00:00Z',
}));

const ERRORS: Record<ErrorKind, readonly [number, string]> = {
  'key-missing': [401, 'authentication_error'],
  'key-wrong': [401, 'authentication_error'],
  'bad-request': [400, 'invalid_request_error'],
  'not-found': [404, 'not_found_error'],
};

const messages: Endpoint = { parse, whole, events };

export const anthropic: Dialect = {
  provider: 'anthropic',
  host: 'api.anthropic.com',
  key: (headers) => {
    const key = headers['x-api-key'];
    return typeof key === 'string' ? key : undefined;
  },
  endpoint: (path) => (path === '/v1/messages' ? messages : undefined),
  other: (verb, path, input) => {
    if (verb === 'POST' && path === '/v1/messages/count_tokens') {
      return { input_tokens: inputTokens(parse({ max_tokens: 1, ...Object(input) })) };
    }
    if (verb !== 'GET') return undefined;
    if (path === '/v1/models') {
      const [first, last] = [MODELS[0]?.id, MODELS.at(-1)?.id];
      return { data: MODELS, has_more: false, first_id: first, last_id: last };
    }
    return MODELS.find((model) => path === `/v1/models/${model.id}`);
  },
  error: (kind, message, requestId) => {
    const [status, type] = ERRORS[kind];
    const text = kind === 'key-wrong' ? 'invalid x-api-key' : message;
    return {
      status,
      body: { type: 'error', error: { type, message: text }, request_id: `req_${requestId}` },
    };
  },
};
