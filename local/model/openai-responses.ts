/** OpenAI Responses. https://platform.openai.com/docs/api-reference/responses, .../responses-streaming */

import { z } from 'zod';
import { chunksOf, type ModelRequest, spentOn, type Turn } from './conversation.ts';
import type { AnswerContext, Endpoint, StreamEvent } from './dialect.ts';

const part = z.looseObject({ type: z.string(), text: z.string().optional() });
const content = z.union([z.string(), z.array(part)]);

const item = z.looseObject({
  type: z.string().optional(),
  role: z.string().optional(),
  content: content.optional(),
  output: content.optional(),
});

const body = z.looseObject({
  model: z.string().min(1),
  instructions: z.string().nullish(),
  input: z.union([z.string(), z.array(item)]),
  tools: z.array(z.looseObject({ type: z.string(), name: z.string().optional() })).optional(),
  stream: z.boolean().nullish(),
});
type Item = z.infer<typeof item>;

const textOf = (value: z.infer<typeof content> | undefined): string =>
  typeof value === 'string' ? value : (value ?? []).flatMap((p) => p.text ?? []).join('\n');

const isSystem = (value: Item): boolean => value.role === 'system' || value.role === 'developer';

function turnOf(value: Item): Turn[] {
  if (value.type === 'function_call_output') return [{ role: 'tool', text: textOf(value.output) }];
  if (value.role !== 'user' && value.role !== 'assistant') return [];
  return [{ role: value.role, text: textOf(value.content) }];
}

function parse(input: unknown): ModelRequest {
  const value = body.parse(input);
  const items: Item[] =
    typeof value.input === 'string' ? [{ role: 'user', content: value.input }] : value.input;
  const system = items.filter(isSystem).map((entry) => textOf(entry.content));
  return {
    provider: 'openai',
    model: value.model,
    system: [value.instructions ?? '', ...system].filter(Boolean).join('\n'),
    turns: items.flatMap(turnOf),
    tools: (value.tools ?? []).flatMap((tool) => tool.name ?? []),
    stream: value.stream ?? false,
  };
}

const textPart = (text: string): object => ({ type: 'output_text', text, annotations: [] });

const messageItem = (id: string, status: string, parts: readonly object[]): object => ({
  id: `msg_${id}`,
  type: 'message',
  role: 'assistant',
  status,
  content: parts,
});

const callItem = (id: string, status: string, name: string, input: string): object => ({
  id: `fc_${id}`,
  type: 'function_call',
  call_id: `call_${id}`,
  status,
  name,
  arguments: input,
});

function outputOf({ reply, id }: AnswerContext): object[] {
  return [
    ...(reply.text === '' ? [] : [messageItem(id, 'completed', [textPart(reply.text)])]),
    ...reply.toolCalls.map((call, index) =>
      callItem(`${id}_${index}`, 'completed', call.name, JSON.stringify(call.input)),
    ),
  ];
}

function usageOf({ request, reply }: AnswerContext): object {
  const { input, output } = spentOn(request, reply);
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + output,
  };
}

const shell = (context: AnswerContext, status: string): object => ({
  id: `resp_${context.id}`,
  object: 'response',
  created_at: context.createdAt,
  status,
  error: null,
  incomplete_details: null,
  model: context.request.model,
  output: [],
  parallel_tool_calls: true,
  tools: [],
});

const whole = (context: AnswerContext): object => ({
  ...shell(context, 'completed'),
  output: outputOf(context),
  usage: usageOf(context),
});

type Draft = { readonly type: string } & Readonly<Record<string, unknown>>;

function messageEvents({ reply, id }: AnswerContext): Draft[] {
  const at = { item_id: `msg_${id}`, output_index: 0, content_index: 0 };
  const done = messageItem(id, 'completed', [textPart(reply.text)]);
  return [
    {
      type: 'response.output_item.added',
      output_index: 0,
      item: messageItem(id, 'in_progress', []),
    },
    { type: 'response.content_part.added', ...at, part: textPart('') },
    ...chunksOf(reply.text).map((delta) => ({ type: 'response.output_text.delta', ...at, delta })),
    { type: 'response.output_text.done', ...at, text: reply.text },
    { type: 'response.content_part.done', ...at, part: textPart(reply.text) },
    { type: 'response.output_item.done', output_index: 0, item: done },
  ];
}

function callEvents({ reply, id }: AnswerContext, offset: number): Draft[] {
  return reply.toolCalls.flatMap((call, index) => {
    const [input, key] = [JSON.stringify(call.input), `${id}_${index}`];
    const at = { item_id: `fc_${key}`, output_index: offset + index };
    const place = { output_index: offset + index };
    return [
      {
        type: 'response.output_item.added',
        ...place,
        item: callItem(key, 'in_progress', call.name, ''),
      },
      { type: 'response.function_call_arguments.delta', ...at, delta: input },
      { type: 'response.function_call_arguments.done', ...at, arguments: input },
      {
        type: 'response.output_item.done',
        ...place,
        item: callItem(key, 'completed', call.name, input),
      },
    ];
  });
}

function events(context: AnswerContext): readonly StreamEvent[] {
  const hasText = context.reply.text !== '';
  const drafts: Draft[] = [
    { type: 'response.created', response: shell(context, 'in_progress') },
    { type: 'response.in_progress', response: shell(context, 'in_progress') },
    ...(hasText ? messageEvents(context) : []),
    ...callEvents(context, hasText ? 1 : 0),
    { type: 'response.completed', response: whole(context) },
  ];
  return drafts.map((draft, index) => ({
    event: draft.type,
    data: { ...draft, sequence_number: index },
  }));
}

export const responses: Endpoint = { parse, whole, events };
