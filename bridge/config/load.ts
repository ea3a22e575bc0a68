/** File and environment to settings. Pure: the caller reads the file and hands over the environment. */

import { parse, TomlError } from 'smol-toml';
import type { z } from 'zod';
import type { Problem } from '../../contracts/errors.ts';
import { PlaneError } from '../../contracts/plane-error.ts';
import { nearest } from './nearest.ts';
import { type BridgeConfig, bridgeConfig, ENVIRONMENT } from './schema.ts';

type Env = Readonly<Record<string, string | undefined>>;
type Tree = { [key: string]: unknown };

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function set(tree: Tree, [head = '', ...rest]: readonly string[], value: unknown): Tree {
  if (rest.length === 0) return { ...tree, [head]: value };
  const below = tree[head];
  return { ...tree, [head]: set(isTree(below) ? below : {}, rest, value) };
}

/** @throws PlaneError INVALID_ARGUMENT with line and column; never with what stands there. */
function readToml(toml: string, file: string): Tree {
  try {
    return parse(toml) as Tree;
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [first = ''] = error.message.split('\n');
    throw new PlaneError(
      'INVALID_ARGUMENT',
      `${file}, line ${error.line}, column ${error.column}: ${first}`,
    );
  }
}

/** The keys that the schema knows at a path. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let schema: Schema | undefined = bridgeConfig as unknown as Schema;
  for (const part of path) {
    const inner = innermost(schema);
    schema = inner?.shape?.[String(part)] ?? inner?.def?.valueType;
  }
  return Object.keys(innermost(schema)?.shape ?? {});
}

/** As much of zod's schemas as is asked here. */
interface Schema {
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly def?: { readonly innerType?: Schema; readonly valueType?: Schema };
}

/** Below defaults, optionals and the like: an object with its shape, or a record with its value's type. */
function innermost(schema: Schema | undefined): Schema | undefined {
  let inner = schema;
  while (inner?.shape === undefined && inner?.def?.innerType) inner = inner.def.innerType;
  return inner;
}

function problemsOf(issue: z.core.$ZodIssue): Problem[] {
  const path = issue.path.map(String);
  if (issue.code !== 'unrecognized_keys') {
    const field = path.join('.');
    const variable = ENVIRONMENT.find(([, setting]) => setting === field)?.[0];
    const where = variable ? `${field} (or ${variable})` : field;
    return [{ field, problem: issue.message, fix: `Correct ${where}.` }];
  }
  return issue.keys.map((key) => {
    const known = keysAt(issue.path);
    const meant = nearest(key, known);
    const field = [...path, key].join('.');
    const fix = meant
      ? `Did you mean ${[...path, meant].join('.')}?`
      : `Known here: ${known.join(', ')}.`;
    return { field, problem: 'There is no such setting.', fix };
  });
}

/**
 * Defaults, then the file, then the environment, each over the one before. An empty variable counts
 * as not set.
 * @param toml the file's text; undefined without one
 * @param file its name, for messages
 * @throws PlaneError INVALID_ARGUMENT with a problem per setting
 */
export function loadConfig(toml: string | undefined, env: Env, file = 'config.toml'): BridgeConfig {
  let tree = toml === undefined ? {} : readToml(toml, file);
  for (const [variable, setting] of ENVIRONMENT) {
    const value = env[variable];
    if (value) tree = set(tree, setting.split('.'), value);
  }
  const parsed = bridgeConfig.safeParse(tree);
  if (parsed.success) return parsed.data;
  const details = parsed.error.issues.flatMap(problemsOf);
  const lines = details.map(({ field, problem, fix }) => `  ${field}: ${problem} ${fix}`);
  throw new PlaneError(
    'INVALID_ARGUMENT',
    `The bridge's settings are wrong:\n${lines.join('\n')}`,
    {
      details,
    },
  );
}
