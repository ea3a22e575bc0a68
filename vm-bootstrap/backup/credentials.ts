/**
 * WhatsApp's credentials as OpenClaw's plugin keeps them: one JSON file for each key, and
 * creds.json, which refers to them (Baileys' multi-file auth state).
 *
 * A snapshot is whole when every file is whole and creds.json is the same after the reading as
 * before: Baileys writes keys before the creds that count them. What happens after a snapshot
 * (a session's ratchet moves with every message) is lost with it: the link survives a restore,
 * single messages may have to be asked for again, which WhatsApp clients do by themselves.
 */

import { numberOfId } from '../core/same-number.ts';
import type { Files } from '../files.ts';

export const CREDS = 'creds.json';
const TRIES = 5;
const PAUSE_MS = 1_000;
/** The plugin's own copy of creds.json is not needed: it makes one at the next change. */
const isCredential = (name: string): boolean => name.endsWith('.json');

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** An account is linked when the creds name one; before that they are a login that nobody scanned. */
function namesAccount(creds: string): boolean {
  try {
    return typeof (JSON.parse(creds) as { me?: { id?: unknown } }).me?.id === 'string';
  } catch {
    return false;
  }
}

/** E.164 of the account; undefined where the creds name none. */
export function numberIn(creds: string | undefined): string | undefined {
  try {
    const { me } = JSON.parse(creds ?? '') as { me?: { id?: unknown } };
    return numberOfId(String(me?.id));
  } catch {
    return undefined;
  }
}

/** What tells one link from the next of the same phone: its device, and the number that a login draws. */
export function linkIn(creds: string | undefined): readonly unknown[] {
  const { me, registrationId } = JSON.parse(creds ?? '{}') as {
    me?: { id?: unknown };
    registrationId?: unknown;
  };
  return [me?.id ?? null, registrationId ?? null];
}

/** Whether there is a linked account in the directory. */
export const isLinked = (files: Files, directory: string): boolean =>
  namesAccount(files.read(`${directory}/${CREDS}`) ?? '');

function readOnce(files: Files, directory: string): Record<string, string> | undefined {
  const before = files.read(`${directory}/${CREDS}`);
  if (before === undefined || !namesAccount(before)) return undefined;
  const names = files.list(directory).filter(isCredential);
  const texts = names.map((name) => [name, files.read(`${directory}/${name}`)] as const);
  const whole = texts.every(([, text]) => text !== undefined && isJson(text));
  return whole && files.read(`${directory}/${CREDS}`) === before
    ? (Object.fromEntries(texts) as Record<string, string>)
    : undefined;
}

/** @returns text by file name; undefined when the account is never at rest long enough */
export async function snapshot(
  files: Files,
  directory: string,
  sleep: (ms: number) => Promise<void>,
): Promise<Record<string, string> | undefined> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const read = readOnce(files, directory);
    if (read) return read;
    await sleep(PAUSE_MS);
  }
  return undefined;
}

/** Writes a snapshot into an empty place. The creds come last: without them there is no account. */
export function putBack(
  files: Files,
  directory: string,
  snapshotted: Readonly<Record<string, string>>,
): void {
  const names = Object.keys(snapshotted).sort((a, b) => Number(a === CREDS) - Number(b === CREDS));
  for (const name of names) {
    files.write(`${directory}/${name}`, snapshotted[name] ?? '', { mode: 0o600 });
  }
}
