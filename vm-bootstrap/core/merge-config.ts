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
 * - what would get around that (`refused`, INCLUDE) is left out;
 * - no value of theirs refers to a secret of ours (`plane-secrets.ts`);
 * - what we named in the base and dropped goes, unless they changed it and may;
 * - merge(base, ours, merge(base, ours, theirs)) = merge(base, ours, theirs).
 */

import { isObject, type Json, type JsonObject, sameJson } from './json.ts';
import { withoutPlaneSecrets } from './plane-secrets.ts';

/** Lists to which others add entries: ours are kept in, theirs are kept too. */
const UNIONS = new Set(['plugins.allow', 'plugins.load.paths', 'tools.deny']);

/** Other files, which OpenClaw merges into ours: lists of theirs would be added to lists of ours. */
const INCLUDE = '$include';

/** Dotted paths of openclaw.json that are not theirs to decide. */
export interface Rules {
  /** Objects or leaves where `ours` always wins over `theirs`. */
  readonly enforced: readonly string[];
  /** What would get around those: left out of what we have, unless we say it ourselves. */
  readonly refused: ReadonlySet<string>;
}

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
  rules: Rules,
): Json | undefined {
  if (ours !== undefined && UNIONS.has(path)) return union(base, ours, theirs);
  if (isObject(ours) && (isObject(theirs) || theirs === undefined)) {
    return mergeObjects(path, isObject(base) ? base : {}, ours, theirs ?? {}, rules);
  }
  if (isObject(base) && ours === undefined && isObject(theirs)) {
    const rest = mergeObjects(path, base, {}, theirs, rules);
    return Object.keys(rest).length === 0 ? undefined : rest;
  }
  if (enforces(rules.enforced, path)) return ours ?? (base === undefined ? theirs : undefined);
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
  rules: Rules,
): JsonObject {
  const keys = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
  const entries = [...keys].flatMap((key) => {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    if (key === INCLUDE) return [];
    const value = rules.refused.has(path)
      ? ours[key]
      : mergeAt(path, base[key], ours[key], theirs[key], rules);
    return value === undefined ? [] : [[key, value] as const];
  });
  return Object.fromEntries(entries);
}

/**
 * @param base what we rendered last; `{}` when we never did.
 * @param ours what we render now.
 * @param theirs what is on the disk; undefined when nothing readable is.
 */
export function mergeConfig(
  base: JsonObject,
  ours: JsonObject,
  theirs: JsonObject | undefined,
  rules: Rules,
): JsonObject {
  if (theirs === undefined) return ours;
  return withoutPlaneSecrets(ours, mergeObjects('', base, ours, theirs, rules));
}
