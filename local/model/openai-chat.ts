/** OpenAI Chat Completions. https://platform.openai.com/docs/api-reference/chat */

import { z } from 'zod';
import { chunksOf, type ModelRequest, spentOn, type Turn } from './conversation.ts';
import type { AnswerContext, Endpoint, StreamEvent } from './dialect.ts';

const part = z.looseObject({ type: z.string(), text: z.string().optional() });
const content = z.union([z.string(), z.array(part), z.null()]);

const body = z.looseObject({
  model: z.string().min(1),
  messages: z.array(z.looseObject({ role: z.string(), content: content.optional() })).min(1),
  tools: z
    .array(z.looseObject({ function: z.looseObject({ name: z.string() }).optional() }))
    .optional(),
  stream: z.boolean().nullish(),
});

const textOf = (value: z.infer<typeof content> | undefined): string =>
  typeof value === 'string' ? value : (value ?? []).flatMap((p) => p.text ?? []).join('\n');

const ROLES: Readonly<Record<string, Turn['role']>> = {
  user: 'user',
  assistant: 'assistant',
  tool: 'tool',
  function: 'tool',
};

function parse(input: unknown): ModelRequest {
  const value = body.parse(input);
  const system = value.messages.filter((m) => m.role === 'system' || m.role === 'developer');
  return {
    provider: 'openai',
    model: value.model,
    system: system.map((message) => textOf(message.content)).join('\n'),
    turns: value.messages.flatMap((message) => {
      const role = ROLES[message.role];
      return role ? [{ role, text: textOf(message.content) }] : [];
    }),
    tools: (value.tools ?? []).flatMap((tool) => tool.function?.name ?? []),
    stream: value.stream ?? false,
  };
}

function usageOf({ request, reply }: AnswerContext): object {
  const { input: prompt, output: completion } = spentOn(request, reply);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
  };
}

const toolCallsOf = ({ reply, id }: AnswerContext): object[] =>
  reply.toolCalls.map((call, index) => ({
    index,
    id: `call_${id}_${index}`,
    type: 'function',
    function: { name: call.name, arguments: JSON.stringify(call.input) },
  }));

const finish = ({ reply }: AnswerContext): string =>
  reply.toolCalls.length > 0 ? 'tool_calls' : 'stop';

const head = (context: AnswerContext, object: string): object => ({
  id: `chatcmpl-${context.id}`,
  object,
  created: context.createdAt,
  model: context.request.model,
});

function whole(context: AnswerContext): object {
  const calls = toolCallsOf(context);
  const message = {
    role: 'assistant',
    content: context.reply.text === '' ? null : context.reply.text,
    refusal: null,
    ...(calls.length > 0 && { tool_calls: calls }),
  };
  return {
    ...head(context, 'chat.completion'),
    choices: [{ index: 0, message, logprobs: null, finish_reason: finish(context) }],
    usage: usageOf(context),
  };
}

function events(context: AnswerContext): readonly StreamEvent[] {
  const chunk = (delta: object, reason: string | null = null): StreamEvent => ({
    data: {
      ...head(context, 'chat.completion.chunk'),
      choices: [{ index: 0, delta, finish_reason: reason }],
    },
  });
  const calls = toolCallsOf(context);
  return [
    chunk({ role: 'assistant', content: '' }),
    ...chunksOf(context.reply.text).map((text) => chunk({ content: text })),
    ...(calls.length > 0 ? [chunk({ tool_calls: calls })] : []),
    chunk({}, finish(context)),
    { data: { ...head(context, 'chat.completion.chunk'), choices: [], usage: usageOf(context) } },
    { data: '[DONE]' },
  ];
}

export const chatCompletions: Endpoint = { parse, whole, events };
