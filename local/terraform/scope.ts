/** Names that are worked out when they are first looked at, so that blocks may refer to each other in any order. */

import { TerraformError, type Value } from './value.ts';

/** @returns `read`, called once for each name. @throws TerraformError when a name leads back to itself */
export function once(read: (name: string) => Value): (name: string) => Value {
  const known = new Map<string, Value>();
  const asking = new Set<string>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    if (asking.has(name)) throw new TerraformError(`${name} refers to itself`);
    asking.add(name);
    const value = read(name);
    asking.delete(name);
    known.set(name, value);
    return value;
  };
}

/** An object whose members are read when they are looked at. */
export function lazyObject(
  names: readonly string[],
  read: (name: string) => Value,
): Readonly<Record<string, Value>> {
  const object: Record<string, Value> = {};
  for (const name of names) {
    Object.defineProperty(object, name, { enumerable: true, get: () => read(name) });
  }
  return object;
}
