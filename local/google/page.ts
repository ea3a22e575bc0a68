/** Paging as Google's list methods do it: an opaque token that says where the next page begins. */

import { GoogleError } from './service.ts';

export interface Page<T> {
  readonly items: readonly T[];
  /** Absent on the last page. */
  readonly nextPageToken?: string;
}

/**
 * @param size 0 or undefined: `defaultSize`
 * @throws GoogleError INVALID_ARGUMENT for a negative size or a token that is not ours
 */
export function paginate<T>(
  all: readonly T[],
  size: number | undefined,
  token: string | undefined,
  defaultSize: number,
): Page<T> {
  if (size !== undefined && size < 0) {
    throw new GoogleError('INVALID_ARGUMENT', 'The page size must not be negative.');
  }
  const text = token ? Buffer.from(token, 'base64url').toString() : '0';
  const start = Number(text);
  if (!/^\d+$/.test(text)) {
    throw new GoogleError('INVALID_ARGUMENT', 'The page token is invalid.');
  }
  const end = start + Math.min(size || defaultSize, defaultSize);
  const items = all.slice(start, end);
  if (end >= all.length) return { items };
  return { items, nextPageToken: Buffer.from(String(end)).toString('base64url') };
}
