/** How each model provider is reached: by OpenClaw, and by us when we check a key. */

import type { Endpoints } from '../../contracts/instance-metadata.ts';
import type { Provider } from '../../contracts/models.ts';

export interface ProviderFacts {
  readonly title: string;
  /** Origin of the public API. */
  readonly origin: string;
  /** What OpenClaw's baseUrl adds to the origin. */
  readonly basePath: string;
  /** OpenClaw's name of the wire protocol (`openclaw config schema`). */
  readonly api: string;
  /** GET on this path answers 2xx for a good key, 400, 401 or 403 for a bad one, and costs nothing. */
  readonly checkPath: string;
  readonly checkHeaders: (key: string) => Record<string, string>;
  /** Where a person makes a key. */
  readonly keysPage: string;
}

export const PROVIDER_FACTS: Readonly<Record<Provider, ProviderFacts>> = {
  anthropic: {
    title: 'Anthropic',
    origin: 'https://api.anthropic.com',
    basePath: '',
    api: 'anthropic-messages',
    checkPath: '/v1/models',
    checkHeaders: (key) => ({ 'x-api-key': key, 'anthropic-version': '2023-06-01' }),
    keysPage: 'https://console.anthropic.com/settings/keys',
  },
  openai: {
    title: 'OpenAI',
    origin: 'https://api.openai.com',
    basePath: '/v1',
    api: 'openai-responses',
    checkPath: '/v1/models',
    checkHeaders: (key) => ({ authorization: `Bearer ${key}` }),
    keysPage: 'https://platform.openai.com/api-keys',
  },
  google: {
    title: 'Google',
    origin: 'https://generativelanguage.googleapis.com',
    basePath: '/v1beta',
    api: 'google-generative-ai',
    checkPath: '/v1beta/models',
    checkHeaders: (key) => ({ 'x-goog-api-key': key }),
    keysPage: 'https://aistudio.google.com/apikey',
  },
};

/** Origin of a provider's API, without a trailing slash, after the instance's overrides. */
export function providerOrigin(provider: Provider, endpoints: Endpoints): string {
  return (endpoints[provider] ?? PROVIDER_FACTS[provider].origin).replace(/\/+$/, '');
}

/** Key shapes that are one provider's alone. OpenAI's `sk-` comes after Anthropic's `sk-ant-`. */
const SHAPES: ReadonlyArray<readonly [RegExp, Provider]> = [
  [/^sk-ant-/, 'anthropic'],
  [/^sk-/, 'openai'],
  [/^AIza/, 'google'],
  [/^AQ\./, 'google'],
];

/** The provider a key looks like, or undefined when its shape says nothing. */
export function providerOfKey(key: string): Provider | undefined {
  return SHAPES.find(([shape]) => shape.test(key))?.[1];
}

/** One printable ASCII word: anything else is not a key and could break an HTTP header. */
const KEY = /^[\x21-\x7e]{8,512}$/;

/** Trims what a person pastes around a key (spaces, line ends, quotes); undefined when no key is left. */
export function cleanKey(text: string): string | undefined {
  const key = text.trim().replace(/^(["'`])(.*)\1$/s, '$2');
  return KEY.test(key) ? key : undefined;
}
