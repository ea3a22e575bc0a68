/** Who exports what to whom: pure, over files that were read. */

import { dirname, join, normalize } from 'node:path';
import { parseSync } from 'oxc-parser';

export interface Source {
  /** Path in the repository. */
  readonly file: string;
  readonly text: string;
}

interface Module {
  readonly file: string;
  /** Names of values that it exports; types are free. */
  readonly exported: readonly string[];
  /** `FILE NAME` of what it imports or hands on by name. */
  readonly uses: readonly string[];
  /** Files that it takes as a whole: a namespace, `import()`, `typeof import()`. */
  readonly whole: readonly string[];
  readonly words: ReadonlySet<string>;
}

/** `import('./x.ts')`, of a value or a type, in code or in a comment that tsc reads. */
const IMPORT_CALL = /\bimport\(\s*['"`](\.[^'"`$]+)['"`]/g;

function moduleOf({ file, text }: Source): Module {
  const { module } = parseSync(file, text);
  const at = (specifier: string): string => normalize(join(dirname(file), specifier));
  const uses: string[] = [];
  const whole = [...text.matchAll(IMPORT_CALL)].map(([, specifier = '']) => at(specifier));
  const use = (specifier: string, kind: string, name: string | null): void => {
    if (kind === 'Name') uses.push(`${at(specifier)} ${name}`);
    else if (kind === 'Default') uses.push(`${at(specifier)} default`);
    else whole.push(at(specifier));
  };
  for (const { moduleRequest, entries } of module.staticImports) {
    for (const { importName } of entries) {
      use(moduleRequest.value, importName.kind, importName.name);
    }
  }
  const exported: string[] = [];
  for (const { moduleRequest, importName, exportName, isType } of module.staticExports.flatMap(
    ({ entries }) => entries,
  )) {
    if (moduleRequest) use(moduleRequest.value, importName.kind, importName.name);
    if (isType) continue;
    if (exportName.kind === 'Default') exported.push('default');
    else if (exportName.name !== null) exported.push(exportName.name);
  }
  return { file, exported, uses, whole, words: new Set(text.match(/[\w$]+/g)) };
}

/**
 * Exports that no other file imports. A file that none imports at all is begun by something else (a bundle,
 * a command line, jest), which may read what it exports.
 * @returns `FILE NAME` each
 */
export function unusedExports(sources: readonly Source[]): readonly string[] {
  const modules = sources.map(moduleOf);
  const used = new Set(modules.flatMap(({ uses }) => uses));
  const byName = [...used].map((use) => use.slice(0, use.lastIndexOf(' ')));
  const whole = new Set(modules.flatMap((one) => one.whole));
  const imported = new Set([...byName, ...whole]);
  // A module that was taken as a whole may be handed on: then any file with a word for it may use it.
  const isUsed = (file: string, name: string): boolean =>
    used.has(`${file} ${name}`) ||
    (whole.has(file) && modules.some((other) => other.file !== file && other.words.has(name)));
  return modules
    .filter(({ file }) => imported.has(file))
    .flatMap(({ file, exported }) =>
      exported.filter((name) => !isUsed(file, name)).map((name) => `${file} ${name}`),
    );
}
