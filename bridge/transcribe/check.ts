/** Whether voice notes could be transcribed, for `bridge check`. Hears none, and prints no key. */

import { execFile } from 'node:child_process';
import { access, constants, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Finding } from '../ports.ts';
import { addressOf, PROVIDERS, type Provider, type TranscribeSettings } from './transcribe.ts';

type Env = Readonly<Record<string, string | undefined>>;

const ANSWER_MS = 10_000;

/** What to do about an answer that is not 200. */
function fixFor(status: number): string {
  if (status === 401) return 'it refuses the key: check KAPSO_TRANSCRIBE_API_KEY';
  if (status === 403) return 'the key may not do this (403): check what it is allowed';
  if (status === 404) return 'it does not know this address (404): check transcribe.base_url';
  return `it answers ${status}: try again later`;
}

async function checkKey(provider: Provider, settings: TranscribeSettings): Promise<Finding> {
  const what = 'Voice notes';
  const address = addressOf(provider, settings, provider.free);
  const { host } = new URL(address);
  try {
    const { status, body } = await fetch(address, {
      headers: { authorization: provider.authorization(settings.api_key) },
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    await body?.cancel();
    if (status === 200) return { what, ok: true, detail: `${host} takes the key` };
    return { what, ok: false, detail: `${host}: ${fixFor(status)}` };
  } catch {
    return { what, ok: false, detail: `${host} does not answer: check transcribe.base_url` };
  }
}

/** Its help is asked for: a library that is missing shows, whatever the end of it is called. */
async function checkProgram({ program }: TranscribeSettings, env: Env): Promise<Finding> {
  const what = 'whisper.cpp';
  try {
    await promisify(execFile)(program, ['--help'], { env: { ...env }, timeout: ANSWER_MS });
    return { what, ok: true, detail: `${program} starts` };
  } catch (error) {
    const { code } = error as { code?: unknown };
    const fix = code === 'ENOENT' ? 'is not there: install whisper.cpp, or' : 'does not start:';
    return { what, ok: false, detail: `${program} ${fix} set transcribe.program` };
  }
}

async function checkModel({ model }: TranscribeSettings): Promise<Finding> {
  const what = 'whisper.cpp model';
  try {
    await access(model, constants.R_OK);
    if ((await stat(model)).isFile()) return { what, ok: true, detail: model };
    return { what, ok: false, detail: `${model} is no file: set transcribe.model` };
  } catch {
    const detail = `${model} cannot be read: set transcribe.model to the path of a ggml model`;
    return { what, ok: false, detail };
  }
}

/** @param env for the program @returns nothing when it is off */
export async function checkTranscribe(
  settings: TranscribeSettings,
  env: Env,
): Promise<readonly Finding[]> {
  const { provider } = settings;
  if (provider === 'off') return [];
  if (provider !== 'local') return [await checkKey(PROVIDERS[provider], settings)];
  return [await checkProgram(settings, env), await checkModel(settings)];
}
