/** JSON values: telling, comparing and reading them. */

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

export const isObject = (value: Json | undefined): value is JsonObject =>
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
