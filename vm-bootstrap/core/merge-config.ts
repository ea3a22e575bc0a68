/**
 * Three-way merge of openclaw.json: what we rendered last time (base), what we render now
 * (ours), what is on the disk (theirs: ours as of last time, plus what OpenClaw, the owner
 * or the agent changed since).
 *
 * Invariants, tested as properties:
 * - what we do not name is kept (`meta` above all: OpenClaw restores its backup over a file
 *   that lost it, FACTS.md);
 * - what we changed since the base wins; what we did not change is theirs to change, except
 *   under `enforced`, which always is as we say;
 * - what would get around that (REFUSED, INCLUDE) is left out;
 * - what we named in the base and dropped goes, unless they changed it and may;
 * - merge(base, ours, merge(base, ours, theirs)) = merge(base, ours, theirs).
 */

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @returns undefined for what is no JSON object: `null` and a list are JSON, and no configuration. */
export function parseObject(text: string | undefined): JsonObject | undefined {
  try {
    const value = JSON.parse(text ?? '') as Json;
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const canonical = (value: Json): Json =>
  Array.isArray(value)
    ? value.map(canonical)
    : isObject(value)
      ? Object.fromEntries(
          Object.keys(value)
            .sort()
            .map((key) => [key, canonical(value[key] as Json)]),
        )
      : value;

/** Equality of JSON values; the order of an object's keys does not matter. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return JSON.stringify(canonical(a)) === JSON.stringify(canonical(b));
}

/** Lists to which others add entries: ours are kept in, theirs are kept too. */
const UNIONS = new Set(['plugins.allow', 'plugins.load.paths', 'tools.deny']);

/** Other files, which OpenClaw merges into ours: lists of theirs would be added to lists of ours. */
const INCLUDE = '$include';
/** An account's own allowlist counts in the place of the channel's. */
const REFUSED = new Set(['channels.whatsapp.accounts']);

function union(base: Json | undefined, ours: Json, theirs: Json | undefined): Json {
  if (!Array.isArray(ours) || !Array.isArray(theirs)) return ours;
  const has = (list: readonly Json[], item: Json): boolean =>
    list.some((other) => sameJson(other, item));
  const dropped = (item: Json): boolean =>
    Array.isArray(base) && has(base, item) && !has(ours, item);
  return [...ours, ...theirs.filter((item) => !has(ours, item) && !dropped(item))];
}

/** Path is under (or is) one of the enforced paths. */
const enforces = (enforced: readonly string[], path: string): boolean =>
  enforced.some((one) => path === one || path.startsWith(`${one}.`));

function mergeAt(
  path: string,
  base: Json | undefined,
  ours: Json | undefined,
  theirs: Json | undefined,
  enforced: readonly string[],
): Json | undefined {
  if (ours !== undefined && UNIONS.has(path)) return union(base, ours, theirs);
  if (isObject(ours) && (isObject(theirs) || theirs === undefined)) {
    return mergeObjects(path, isObject(base) ? base : {}, ours, theirs ?? {}, enforced);
  }
  if (isObject(base) && ours === undefined && isObject(theirs)) {
    const rest = mergeObjects(path, base, {}, theirs, enforced);
    return Object.keys(rest).length === 0 ? undefined : rest;
  }
  if (enforces(enforced, path)) return ours ?? (base === undefined ? theirs : undefined);
  if (theirs === undefined && base !== undefined && sameJson(base, ours)) return undefined;
  return sameJson(base, ours)
    ? theirs
    : ours === undefined && !sameJson(base, theirs)
      ? theirs
      : ours;
}

function mergeObjects(
  prefix: string,
  base: JsonObject,
  ours: JsonObject,
  theirs: JsonObject,
  enforced: readonly string[],
): JsonObject {
  const keys = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
  const entries = [...keys].flatMap((key) => {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    if (key === INCLUDE || REFUSED.has(path)) return [];
    const value = mergeAt(path, base[key], ours[key], theirs[key], enforced);
    return value === undefined ? [] : [[key, value] as const];
  });
  return Object.fromEntries(entries);
}

/**
 * @param base what we rendered last; `{}` when we never did.
 * @param ours what we render now.
 * @param theirs what is on the disk; undefined when nothing readable is.
 * @param enforced dotted paths (objects or leaves) where `ours` always wins over `theirs`.
 */
export function mergeConfig(
  base: JsonObject,
  ours: JsonObject,
  theirs: JsonObject | undefined,
  enforced: readonly string[],
): JsonObject {
  if (theirs === undefined) return ours;
  return mergeObjects('', base, ours, theirs, enforced);
}
