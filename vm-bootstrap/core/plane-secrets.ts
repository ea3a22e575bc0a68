/**
 * The model's key and the channels' tokens stay where the plane put them: a SecretRef of theirs to
 * our secrets providers, a provider of theirs that reads the same files, and a change of where our
 * key is sent are left out of openclaw.json. Pure. SecretRefs of OpenClaw 2026.9.6:
 * docs/gateway/secrets/secretref-contract.md there.
 *
 * It bounds what outlives a start. While the gateway runs, its memory is the agent's to read
 * (docs/security.md).
 */

import { posix } from 'node:path';
import { isObject, type Json, type JsonObject, sameJson } from './json.ts';

/** OpenClaw puts variables into strings, which the agent may set: such a name could be ours. */
const hasVariable = (text: string): boolean => text.includes('${');

const providersOf = (document: JsonObject, section: string): JsonObject => {
  const found = document[section];
  return isObject(found) && isObject(found.providers) ? found.providers : {};
};

function stringsOf(value: Json): readonly string[] {
  if (typeof value === 'string') return [value];
  return isObject(value) || Array.isArray(value) ? Object.values(value).flatMap(stringsOf) : [];
}

const fileName = (path: string): string => posix.basename(posix.normalize(path.trim()));

/** OpenClaw follows links to directories and none to a file: its name is the file's own. */
function readsOurs(provider: Json, ourFiles: ReadonlySet<string>): boolean {
  const texts = stringsOf(provider);
  const isFile = isObject(provider) && provider.source === 'file';
  return texts.some((text) => ourFiles.has(fileName(text)) || (isFile && hasVariable(text)));
}

/** A reference to one of `closed`, in the place of a value. */
const refersTo = (value: Json, closed: ReadonlySet<string>): boolean =>
  isObject(value) &&
  'source' in value &&
  typeof value.provider === 'string' &&
  (closed.has(value.provider.trim()) || hasVariable(value.provider));

/** @returns value without references to `closed`, but for those that `ours` has in the same place */
function strip(value: Json, ours: Json | undefined, closed: ReadonlySet<string>): Json | undefined {
  if (sameJson(value, ours)) return value;
  if (refersTo(value, closed)) return undefined;
  if (Array.isArray(value)) {
    return value.map((item) => strip(item, undefined, closed)).filter((item) => item !== undefined);
  }
  if (!isObject(value)) return value;
  const entries = Object.entries(value).flatMap(([key, item]) => {
    const rest = strip(item, isObject(ours) ? ours[key] : undefined, closed);
    return rest === undefined ? [] : [[key, rest] as const];
  });
  return Object.fromEntries(entries);
}

/** Each of `section`.providers as `change` says; undefined leaves it out. */
function mapProviders(
  document: JsonObject,
  section: string,
  change: (name: string, provider: Json) => Json | undefined,
): JsonObject {
  const found = document[section];
  if (!isObject(found) || !isObject(found.providers)) return document;
  const providers = Object.entries(found.providers).flatMap(([name, provider]) => {
    const rest = change(name, provider);
    return rest === undefined ? [] : [[name, rest] as const];
  });
  return { ...document, [section]: { ...found, providers: Object.fromEntries(providers) } };
}

/** Without the word that a reference without a provider means one of `closed`. */
function withoutDefaults(document: JsonObject, closed: ReadonlySet<string>): JsonObject {
  const { secrets } = document;
  if (!isObject(secrets) || !isObject(secrets.defaults)) return document;
  const defaults = Object.entries(secrets.defaults).filter(
    ([, name]) => typeof name !== 'string' || !(closed.has(name.trim()) || hasVariable(name)),
  );
  return { ...document, secrets: { ...secrets, defaults: Object.fromEntries(defaults) } };
}

/** OpenClaw finds a model provider whatever the case of its name. */
const sameName = (one: string, other: string): boolean =>
  one.trim().toLowerCase() === other.trim().toLowerCase();

/** With the plane's model where theirs is of a provider that is gone: nobody could tell a mute agent to change it. */
function withoutModelOf(document: JsonObject, ours: JsonObject, gone: readonly string[]) {
  const { agents } = document;
  if (!isObject(agents) || !isObject(agents.defaults) || !isObject(ours.agents)) return document;
  const { model } = agents.defaults;
  const primary = isObject(model) ? model.primary : model;
  const own = isObject(ours.agents.defaults) ? ours.agents.defaults.model : undefined;
  const isGone = gone.some((name) => String(primary).startsWith(`${name}/`));
  if (own === undefined || !isGone) return document;
  return { ...document, agents: { ...agents, defaults: { ...agents.defaults, model: own } } };
}

/**
 * @param ours what the plane renders.
 * @param merged that with what others changed.
 */
export function withoutPlaneSecrets(ours: JsonObject, merged: JsonObject): JsonObject {
  const sources = providersOf(ours, 'secrets');
  const files = new Set(
    Object.values(sources).flatMap((source) =>
      isObject(source) && typeof source.path === 'string' ? [fileName(source.path)] : [],
    ),
  );
  const tapped = Object.entries(providersOf(merged, 'secrets'))
    .filter(([name, source]) => !Object.hasOwn(sources, name) && readsOurs(source, files))
    .map(([name]) => name);
  const closed = new Set([...Object.keys(sources), ...tapped]);
  const models = providersOf(ours, 'models');
  const own = mapProviders(merged, 'secrets', (name, source) =>
    tapped.includes(name) ? undefined : Object.hasOwn(sources, name) ? sources[name] : source,
  );
  const kept = mapProviders(own, 'models', (name, provider) => {
    if (Object.hasOwn(models, name)) return models[name];
    if (Object.keys(models).some((one) => sameName(one, name))) return undefined;
    return sameJson(strip(provider, undefined, closed), provider) ? provider : undefined;
  });
  const left = providersOf(kept, 'models');
  const gone = Object.keys(providersOf(own, 'models')).filter((name) => !Object.hasOwn(left, name));
  const usable = withoutModelOf(withoutDefaults(kept, closed), ours, gone);
  return (strip(usable, ours, closed) ?? {}) as JsonObject;
}
