/**
 * Reading systemd unit files, as much of systemd.syntax(7) as our units use: sections,
 * repeated keys, an empty value that resets, line continuation, comments, quotes, `%`
 * specifiers. Pure.
 */

/** `Section.Key` -> values in order. */
export type Unit = ReadonlyMap<string, readonly string[]>;

/** Parses a unit file. Unknown sections and keys are kept; lines that are none are skipped. */
export function parseUnit(text: string): Unit {
  const unit = new Map<string, string[]>();
  let section = '';
  // A comment may stand between continued lines; it ends neither of them.
  const lines = text.split('\n').filter((line) => !/^\s*[#;]/.test(line));
  for (const line of lines.join('\n').replace(/\\\n/g, ' ').split('\n')) {
    const header = /^\[(.+)\]\s*$/.exec(line.trim());
    if (header) {
      section = header[1] ?? '';
      continue;
    }
    const at = line.indexOf('=');
    if (at < 0) continue;
    const key = `${section}.${line.slice(0, at).trim()}`;
    const value = line.slice(at + 1).trim();
    if (value === '') unit.delete(key);
    else unit.set(key, [...(unit.get(key) ?? []), value]);
  }
  return unit;
}

/** All values of `Section.Key`. */
export function values(unit: Unit, key: string): readonly string[] {
  return unit.get(key) ?? [];
}

/** The last value, which is the one that counts for keys that take one. */
export function value(unit: Unit, key: string): string | undefined {
  return values(unit, key).at(-1);
}

/** Splits a value into words; quotes keep a word together (systemd.syntax(7), "Quoting"). */
export function words(text: string): readonly string[] {
  const found = text.matchAll(/(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|((?:[^\s"'\\]|\\.)+))/g);
  const plain = (word: string) => word.replace(/\\(.)/g, '$1');
  return [...found].map(([, double, single, bare]) => plain(double ?? single ?? bare ?? ''));
}

/** Words of a list-valued key, over all its lines. */
export function list(unit: Unit, key: string): readonly string[] {
  return values(unit, key).flatMap(words);
}

export interface UnitName {
  /** `agents-plane-broker@1.service` */
  readonly full: string;
  /** File that describes it: `agents-plane-broker@.service`. */
  readonly file: string;
  /** What stands between `@` and the type; '' for a plain unit. */
  readonly instance: string;
  readonly type: string;
}

/** A name as given to systemctl; `.service` is understood. */
export function unitName(given: string): UnitName {
  const full = /\.(service|socket|path|target|timer|slice|mount)$/.test(given)
    ? given
    : `${given}.service`;
  const at = full.indexOf('@');
  const dot = full.lastIndexOf('.');
  const instance = at < 0 ? '' : full.slice(at + 1, dot);
  const file = at < 0 ? full : `${full.slice(0, at + 1)}${full.slice(dot)}`;
  return { full, file, instance, type: full.slice(dot + 1) };
}

/** Replaces `%i %I %n %N %p %%` (systemd.unit(5), "Specifiers"); others stay as they are. */
export function expand(text: string, name: UnitName): string {
  const stem = name.full.slice(0, name.full.lastIndexOf('.'));
  const known: Readonly<Record<string, string>> = {
    i: name.instance,
    I: name.instance,
    n: name.full,
    N: stem,
    p: stem.split('@')[0] ?? '',
    '%': '%',
  };
  return text.replace(/%(.)/g, (whole, letter: string) => known[letter] ?? whole);
}

export interface Command {
  readonly argv: readonly string[];
  /** `-`: its failure does not count. */
  readonly mayFail: boolean;
}

/** An Exec line. The other prefixes (`+ ! @ :`) are about rights that a plain process lacks. */
export function command(line: string, name: UnitName): Command {
  const prefix = /^[-+!@:]*/.exec(line)?.[0] ?? '';
  return {
    argv: words(line.slice(prefix.length)).map((word) => expand(word, name)),
    mayFail: prefix.includes('-'),
  };
}

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  sec: 1000,
  min: 60_000,
  h: 3_600_000,
};

/** A time span (systemd.time(7)) in milliseconds; a bare number is seconds. */
export function span(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (text === 'infinity') return Number.POSITIVE_INFINITY;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]*)/g)];
  return parts.reduce((sum, [, n, unit]) => sum + Number(n) * (UNITS_MS[unit || 's'] ?? 1000), 0);
}

/** `KEY=value` words of Environment=, and lines of an EnvironmentFile=. */
export function assignments(entries: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    entries.flatMap((entry) => {
      const at = entry.indexOf('=');
      return at < 1 ? [] : [[entry.slice(0, at), entry.slice(at + 1)]];
    }),
  );
}
