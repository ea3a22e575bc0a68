/** Terraform's built-in functions that infra/ calls. Another one is refused by name. */

import { type Collection, isCollection, isList, TerraformError, type Value } from './value.ts';

export interface Files {
  /** Text of a file below the module. @throws TerraformError when there is none */
  read(path: string): string;
}

type BuiltIn = (args: readonly Value[], files: Files) => Value;

const text = (value: Value | undefined): string => {
  if (typeof value === 'string') return value;
  throw new TerraformError(`a string was expected, not ${JSON.stringify(value)}`);
};
const list = (value: Value | undefined): readonly Value[] => {
  if (isList(value)) return value;
  throw new TerraformError(`a list was expected, not ${JSON.stringify(value)}`);
};

const BUILT_IN: Readonly<Record<string, BuiltIn>> = {
  file: ([path], files) => files.read(text(path)),
  jsondecode: ([json]) => JSON.parse(text(json)) as Value,
  split: ([separator, joined]) => text(joined).split(text(separator)),
  join: ([separator, items]) => list(items).map(text).join(text(separator)),
  formatlist: ([format, items]) =>
    list(items).map((item) => text(format).replace('%s', () => text(item))),
  concat: (lists) => lists.flatMap((each) => list(each)),
  toset: ([items]) =>
    Object.fromEntries(list(items).map((item) => [text(item), item])) satisfies Collection,
};

/** @throws TerraformError for a function that is not known here */
export function callBuiltIn(name: string, args: readonly Value[], files: Files): Value {
  const builtIn = BUILT_IN[name];
  if (!builtIn) throw new TerraformError(`function ${name}() is not known here`);
  return builtIn(args, files);
}

/** What `for_each` goes over: key -> value. A list (of blocks, in `dynamic`) is keyed by position. */
export function entriesOf(value: Value): readonly (readonly [string, Value])[] {
  if (isList(value)) return value.map((item, position) => [String(position), item]);
  if (isCollection(value)) return Object.entries(value);
  throw new TerraformError(`for_each takes a set, a map or a list, not ${JSON.stringify(value)}`);
}
