/**
 * Google Gemini API. https://ai.google.dev/api/generate-content, .../api/models
 * A wrong key is 400 with reason API_KEY_INVALID there, not 401; so it is here.
 */

import { z } from 'zod';
import { chunksOf, type ModelRequest, spentOn } from './conversation.ts';
import type { AnswerContext, Dialect, Endpoint, ErrorKind, StreamEvent } from './dialect.ts';

const part = z.looseObject({
  text: z.string().optional(),
  functionResponse: z.looseObject({ response: z.unknown() }).optional(),
});
const content = z.looseObject({ role: z.string().optional(), parts: z.array(part).default([]) });
type Content = z.infer<typeof content>;

const body = z.looseObject({
  contents: z.array(content).min(1),
  systemInstruction: content.optional(),
  tools: z
    .array(
      z.looseObject({
        functionDeclarations: z.array(z.looseObject({ name: z.string() })).optional(),
      }),
    )
    .optional(),
});

const textOf = (value: Content | undefined): string =>
  (value?.parts ?? []).flatMap((p) => p.text ?? []).join('\n');

function turnsOf(value: Content): ModelRequest['turns'] {
  const results = value.parts.flatMap((p) =>
    p.functionResponse
      ? [{ role: 'tool' as const, text: JSON.stringify(p.functionResponse.response) }]
      : [],
  );
  const text = textOf(value);
  if (text === '') return results;
  return [...results, { role: value.role === 'model' ? 'assistant' : 'user', text }];
}

function parse(input: unknown, model: string, stream: boolean): ModelRequest {
  const value = body.parse(input);
  return {
    provider: 'google',
    model,
    system: textOf(value.systemInstruction),
    turns: value.contents.flatMap(turnsOf),
    tools: (value.tools ?? []).flatMap((t) => (t.functionDeclarations ?? []).map((f) => f.name)),
    stream,
  };
}

const chunk = (context: AnswerContext, parts: readonly object[], last: boolean): object => {
  const { input: prompt, output: answer } = spentOn(context.request, context.reply);
  return {
    candidates: [
      { content: { role: 'model', parts }, index: 0, ...(last && { finishReason: 'STOP' }) },
    ],
    usageMetadata: {
      promptTokenCount: prompt,
      candidatesTokenCount: answer,
      totalTokenCount: prompt + answer,
    },
    modelVersion: context.request.model,
    responseId: context.id,
  };
};

const callParts = ({ reply }: AnswerContext): object[] =>
  reply.toolCalls.map((call) => ({ functionCall: { name: call.name, args: call.input } }));

function whole(context: AnswerContext): object {
  const text = context.reply.text === '' ? [] : [{ text: context.reply.text }];
  return chunk(context, [...text, ...callParts(context)], true);
}

function events(context: AnswerContext): readonly StreamEvent[] {
  const texts = chunksOf(context.reply.text).map((text): object => ({ text }));
  const parts = [...texts, ...callParts(context)];
  return parts.map((one, index) => ({ data: chunk(context, [one], index === parts.length - 1) }));
}

const MODELS = ['gemini-3.1-pro', 'gemini-3.1-flash'].map((id) => ({
  name: `models/${id}`,
  version: '3.1',
  displayName: id,
  inputTokenLimit: 1048576,
  outputTokenLimit: 65536,
  supportedGenerationMethods: ['generateContent', 'countTokens'],
}));

const GENERATE = /^\/v1(?:beta)?\/models\/([^/:]+):(generateContent|streamGenerateContent)$/;

function endpoint(path: string): Endpoint | undefined {
  const [, model, method] = GENERATE.exec(path) ?? [];
  if (model === undefined) return undefined;
  return {
    parse: (input) => parse(input, model, method === 'streamGenerateContent'),
    whole,
    events,
  };
}

const ERRORS: Record<ErrorKind, readonly [number, string]> = {
  'key-missing': [403, 'PERMISSION_DENIED'],
  'key-wrong': [400, 'INVALID_ARGUMENT'],
  'bad-request': [400, 'INVALID_ARGUMENT'],
  'not-found': [404, 'NOT_FOUND'],
};

const INVALID_KEY = {
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason: 'API_KEY_INVALID',
  domain: 'googleapis.com',
  metadata: { service: 'generativelanguage.googleapis.com' },
};

export const gemini: Dialect = {
  provider: 'google',
  host: 'generativelanguage.googleapis.com',
  key: (headers, query) => {
    const header = headers['x-goog-api-key'];
    return typeof header === 'string' ? header : (query.get('key') ?? undefined);
  },
  endpoint,
  other: (verb, path) => {
    if (verb !== 'GET') return undefined;
    const name = path.replace(/^\/v1(beta)?\//, '');
    return name === 'models' ? { models: MODELS } : MODELS.find((model) => model.name === name);
  },
  error: (kind, message) => {
    const [code, status] = ERRORS[kind];
    const wrong = kind === 'key-wrong';
    const text = wrong ? 'API key not valid. Please pass a valid API key.' : message;
    return {
      status: code,
      body: {
        error: { code, message: text, status, ...(wrong && { details: [INVALID_KEY] }) },
      },
    };
  },
};
