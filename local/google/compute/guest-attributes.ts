/**
 * What a VM says about itself, by namespace and key.
 * https://cloud.google.com/compute/docs/metadata/manage-guest-attributes
 */

export interface GuestAttribute {
  readonly namespace: string;
  readonly key: string;
  readonly value: string;
}

const NAMESPACE_MAX = 128;
const KEY_MAX = 128;
/** Bytes: of a value, and of everything in one instance's attributes. */
const VALUE_MAX = 512 * 1024;
const TOTAL_MAX = 512 * 1024;

const WORD = /^[A-Za-z0-9_.-]+$/;

export class GuestAttributes {
  readonly #values = new Map<string, GuestAttribute>();

  /** @returns false when a name or size is not allowed; then nothing has changed. */
  put(namespace: string, key: string, value: string): boolean {
    const names = WORD.test(namespace) && WORD.test(key);
    if (!names || namespace.length > NAMESPACE_MAX || key.length > KEY_MAX) return false;
    const id = `${namespace}/${key}`;
    const others = [...this.#values].filter(([other]) => other !== id);
    const used = others.reduce((sum, [other, one]) => sum + other.length + one.value.length, 0);
    const size = Buffer.byteLength(value);
    if (size > VALUE_MAX || used + size + id.length > TOTAL_MAX) return false;
    this.#values.set(id, { namespace, key, value });
    return true;
  }

  get(namespace: string, key: string): string | undefined {
    return this.#values.get(`${namespace}/${key}`)?.value;
  }

  remove(namespace: string, key: string): boolean {
    return this.#values.delete(`${namespace}/${key}`);
  }

  list(namespace?: string): readonly GuestAttribute[] {
    const all = [...this.#values.values()];
    return namespace === undefined ? all : all.filter((one) => one.namespace === namespace);
  }

  /** A reboot of the VM empties them. */
  clear(): void {
    this.#values.clear();
  }
}
