/** What Terraform expressions come to. */

import { TerraformError } from './syntax.ts';

export { TerraformError };

/** An object or a map; a set of strings is a map from each to itself, as `for_each` sees it. */
export interface Collection {
  readonly [key: string]: Value;
}
export type Value = string | number | boolean | null | readonly Value[] | Collection;

export const isList = (value: Value | undefined): value is readonly Value[] => Array.isArray(value);
export const isCollection = (value: Value | undefined): value is Collection =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** In a template. @throws TerraformError for what has no text */
export function asText(value: Value): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return String(value);
  }
  throw new TerraformError(`${JSON.stringify(value)} cannot stand in a string`);
}

/** @throws TerraformError when there is no such attribute or element */
export function member(of: Value, key: string | number): Value {
  const found = isList(of)
    ? of[Number(key)]
    : isCollection(of) && Object.hasOwn(of, key)
      ? of[key]
      : undefined;
  if (found === undefined) throw new TerraformError(`there is no ${key} in ${brief(of)}`);
  return found;
}

const brief = (value: Value): string =>
  isCollection(value) ? `{${Object.keys(value).join(', ')}}` : JSON.stringify(value);
