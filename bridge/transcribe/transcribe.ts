/**
 * Voice notes to text, for those that come without a transcript: by a provider over HTTP, or by
 * whisper.cpp on this machine. Off unless `[transcribe]` names one.
 */

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { below } from '../../contracts/url.ts';
import type { BridgeConfig } from '../config/schema.ts';

export type TranscribeSettings = BridgeConfig['transcribe'];

export interface Voice {
  readonly bytes: Buffer;
  /** `audio/ogg`: what WhatsApp records. */
  readonly mime: string;
}

/** @returns what was said; '' when nothing was. @throws Error without the text or a key */
export type Transcribe = (voice: Voice) => Promise<string>;

/** What each expects: address below its base, header of the key, form of the request, where the text is. */
export interface Provider {
  readonly baseUrl: string;
  readonly model: string;
  /** How its key is sent. */
  authorization(key: string): string;
  /** Below the base: a GET that wants the key, and costs nothing. */
  readonly free: string;
  request(
    voice: Voice,
    settings: { readonly model: string; readonly language: string },
  ): {
    readonly path: string;
    readonly headers: Record<string, string>;
    readonly body: FormData | Uint8Array<ArrayBuffer>;
  };
  text(answer: unknown): string;
}

const plainText = z.looseObject({ text: z.string() });
/** https://developers.deepgram.com/reference/speech-to-text/listen-pre-recorded */
const deepgramText = z.looseObject({
  results: z.looseObject({
    channels: z.array(
      z.looseObject({ alternatives: z.array(z.looseObject({ transcript: z.string() })) }),
    ),
  }),
});

/** https://platform.openai.com/docs/api-reference/audio/createTranscription; Groq has the same. */
const openaiLike = (baseUrl: string, model: string): Provider => ({
  baseUrl,
  model,
  authorization: (key) => `Bearer ${key}`,
  free: '/models',
  request({ bytes, mime }, { model: wanted, language }) {
    const body = new FormData();
    body.set('file', new Blob([new Uint8Array(bytes)], { type: mime }), 'voice.ogg');
    body.set('model', wanted);
    if (language) body.set('language', language);
    return { path: '/audio/transcriptions', headers: {}, body };
  },
  text: (answer) => plainText.parse(answer).text,
});

export const PROVIDERS = {
  openai: openaiLike('https://api.openai.com/v1', 'gpt-4o-mini-transcribe'),
  groq: openaiLike('https://api.groq.com/openai/v1', 'whisper-large-v3-turbo'),
  deepgram: {
    baseUrl: 'https://api.deepgram.com/v1',
    model: 'nova-3',
    authorization: (key) => `Token ${key}`,
    /** https://developers.deepgram.com/docs/authenticating */
    free: '/auth/token',
    request({ bytes, mime }, { model, language }) {
      const query = new URLSearchParams({
        model,
        smart_format: 'true',
        ...(language ? { language } : { detect_language: 'true' }),
      });
      const headers = { 'content-type': mime };
      return { path: `/listen?${query}`, headers, body: new Uint8Array(bytes) };
    },
    text: (answer) =>
      deepgramText.parse(answer).results.channels[0]?.alternatives[0]?.transcript ?? '',
  },
} satisfies Record<string, Provider>;

/** @param path below the base */
export const addressOf = (
  { baseUrl }: Provider,
  settings: TranscribeSettings,
  path: string,
): string => below(settings.base_url ?? baseUrl, path);

async function ask(provider: Provider, settings: TranscribeSettings, voice: Voice) {
  const { api_key: key, language } = settings;
  const model = settings.model || provider.model;
  const { path, headers, body } = provider.request(voice, { model, language });
  const answer = await fetch(addressOf(provider, settings, path), {
    method: 'POST',
    headers: { ...headers, authorization: provider.authorization(key) },
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(settings.timeout * 1_000),
  });
  // Not the body: it can quote what was said.
  if (!answer.ok) throw new Error(`${settings.provider} answered ${answer.status}`);
  return provider.text(await answer.json()).trim();
}

/** https://github.com/ggml-org/whisper.cpp/tree/master/examples/cli: reads Ogg, writes `{file}.txt`. */
async function runLocally(settings: TranscribeSettings, { bytes }: Voice): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bridge-voice-'));
  try {
    const file = join(folder, 'voice.ogg');
    await writeFile(file, bytes, { mode: 0o600 });
    const language = settings.language || 'auto';
    const args = ['-m', settings.model, '-l', language, '-np', '-nt', '-otxt', '-of', file, file];
    const options = { timeout: settings.timeout * 1_000, killSignal: 'SIGKILL' } as const;
    await promisify(execFile)(settings.program, args, options);
    return (await readFile(`${file}.txt`, 'utf8')).trim();
  } catch (error) {
    const { code, killed } = error as { code?: unknown; killed?: boolean };
    throw new Error(`${settings.program} ${killed ? 'took too long' : `failed (${code})`}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @returns undefined when it is off */
export function createTranscribe(settings: TranscribeSettings): Transcribe | undefined {
  if (settings.provider === 'off') return undefined;
  if (settings.provider === 'local') return (voice) => runLocally(settings, voice);
  const provider = PROVIDERS[settings.provider];
  return (voice) => ask(provider, settings, voice);
}
