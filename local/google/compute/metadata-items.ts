/**
 * Custom metadata of an instance.
 * Limits: https://cloud.google.com/compute/docs/metadata/setting-custom-metadata#limitations
 */

import { GoogleError } from '../service.ts';
import { invalidField } from './errors.ts';
import { fingerprint } from './fingerprint.ts';

export interface MetadataItem {
  readonly key: string;
  readonly value: string;
}

export interface Metadata {
  readonly kind: 'compute#metadata';
  readonly fingerprint: string;
  readonly items: readonly MetadataItem[];
}

const KEY = /^[a-zA-Z0-9_-]{1,128}$/;
/** Bytes. */
const VALUE_MAX = 256 * 1024;
const TOTAL_MAX = 512 * 1024;

const tooLarge = (field: string, limit: number, actual: number): GoogleError =>
  new GoogleError(
    'INVALID_ARGUMENT',
    `Value for field '${field}' is too large: maximum size ${limit} character(s); actual size ${actual}.`,
    'fieldSizeTooLarge',
  );

/** @throws GoogleError INVALID_ARGUMENT */
export function toMetadata(
  input: { readonly items?: readonly Partial<MetadataItem>[] } | undefined,
  field: string,
): Metadata {
  const items = (input?.items ?? []).map(({ key = '', value = '' }) => ({ key, value }));
  let total = 0;
  for (const [index, { key, value }] of items.entries()) {
    const at = `${field}.items[${index}]`;
    if (!KEY.test(key)) {
      throw invalidField(`${at}.key`, key, "Must be a match of regex '[a-zA-Z0-9-_]{1,128}'");
    }
    const size = Buffer.byteLength(value);
    if (size > VALUE_MAX) throw tooLarge(`${at}.value`, VALUE_MAX, size);
    total += size + key.length;
  }
  if (total > TOTAL_MAX) throw tooLarge(`${field}.items`, TOTAL_MAX, total);
  const double = items.find(({ key }, i) => items.findIndex((one) => one.key === key) !== i);
  if (double) {
    throw invalidField(`${field}.items`, double.key, 'Metadata has duplicate keys.');
  }
  return { kind: 'compute#metadata', fingerprint: fingerprint(items), items };
}
