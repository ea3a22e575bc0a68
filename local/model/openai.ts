/**
 * OpenAI: what its two endpoints share (key, models, errors).
 * https://platform.openai.com/docs/api-reference/introduction, .../guides/error-codes
 */

import type { Dialect, ErrorKind } from './dialect.ts';
import { chatCompletions } from './openai-chat.ts';
import { responses } from './openai-responses.ts';

const MODELS = ['gpt-5.4', 'gpt-5.4-mini', 'gpt-5.2'].map((id) => ({
  id,
  object: 'model',
  created: 1767225600,
  owned_by: 'openai',
}));

const ERRORS: Record<ErrorKind, readonly [number, string | null]> = {
  'key-missing': [401, null],
  'key-wrong': [401, 'invalid_api_key'],
  'bad-request': [400, null],
  'not-found': [404, 'unknown_url'],
};

export const openai: Dialect = {
  provider: 'openai',
  host: 'api.openai.com',
  key: (headers) => /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1],
  endpoint: (path) => {
    if (path === '/v1/chat/completions') return chatCompletions;
    return path === '/v1/responses' ? responses : undefined;
  },
  other: (verb, path) => {
    if (verb !== 'GET') return undefined;
    if (path === '/v1/models') return { object: 'list', data: MODELS };
    return MODELS.find((model) => path === `/v1/models/${model.id}`);
  },
  error: (kind, message) => {
    const [status, code] = ERRORS[kind];
    const text = kind === 'key-wrong' ? 'Incorrect API key provided.' : message;
    return {
      status,
      body: { error: { message: text, type: 'invalid_request_error', param: null, code } },
    };
  },
};
