/**
 * Model references: `anthropic/claude-sonnet-4-6`, or the seed's bare `claude-opus-4-6`,
 * whose provider follows from its first word.
 */

import { z } from 'zod';

export const PROVIDERS = ['anthropic', 'openai', 'google'] as const;
export type Provider = (typeof PROVIDERS)[number];

const PREFIXES: ReadonlyArray<readonly [RegExp, Provider]> = [
  [/^claude-/, 'anthropic'],
  [/^(gpt|o\d)/, 'openai'],
  [/^gemini-/, 'google'],
];

export interface ModelRef {
  readonly provider: Provider;
  readonly id: string;
}

const MODEL_ID = /^[a-z0-9][a-z0-9.-]{1,63}$/;

/** Reads `provider/id` or a bare id. Undefined when the provider is not one we can configure. */
export function parseModel(text: string): ModelRef | undefined {
  const [head = '', tail, ...rest] = text.split('/');
  if (rest.length > 0) return undefined;
  const id = tail ?? head;
  if (!MODEL_ID.test(id)) return undefined;
  const provider =
    tail === undefined
      ? PREFIXES.find(([prefix]) => prefix.test(id))?.[1]
      : PROVIDERS.find((known) => known === head);
  return provider && { provider, id };
}

export const modelReference = z
  .string()
  .max(96)
  .refine((text) => parseModel(text) !== undefined, {
    error: `not a model of a known provider (${PROVIDERS.join(', ')})`,
    params: {
      fix: 'name it like anthropic/claude-sonnet-4-6, openai/gpt-5.4 or google/gemini-3.1-pro',
    },
  });

export const DEFAULT_MODEL = 'anthropic/claude-sonnet-4-6';
