/** What all list methods share: filter, order by name, pages. */

import type { Call } from '../service.ts';
import { invalidField } from './errors.ts';
import { parseFilter } from './filter.ts';

const MAX_RESULTS = 500;

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextPageToken?: string;
}

interface Named {
  readonly name: string;
  readonly selfLink?: string;
  readonly creationTimestamp?: string;
  /** Of operations. */
  readonly insertTime?: string;
}

const encode = (name: string): string => Buffer.from(name).toString('base64url');
const decode = (token: string): string => Buffer.from(token, 'base64url').toString();

/** By name, or the newest first: Google knows no other order. */
function orderOf(call: Call): (a: Named, b: Named) => number {
  const wanted = call.query.get('orderBy') ?? 'name';
  if (wanted === 'name') return (a, b) => (a.name < b.name ? -1 : 1);
  if (wanted !== 'creationTimestamp desc' || call.query.has('pageToken')) {
    throw invalidField('orderBy', wanted, 'Must be name or creationTimestamp desc.');
  }
  const born = ({ creationTimestamp, insertTime }: Named): number =>
    Date.parse(creationTimestamp ?? insertTime ?? '');
  return (a, b) => born(b) - born(a);
}

/** @throws GoogleError INVALID_ARGUMENT for a filter, order or page size that makes no sense */
export function pageOf<T extends Named>(call: Call, all: Iterable<T>): Page<T> {
  const size = Number(call.query.get('maxResults') ?? MAX_RESULTS);
  if (!Number.isInteger(size) || size < 0 || size > MAX_RESULTS) {
    throw invalidField('maxResults', size, `Must be between 0 and ${MAX_RESULTS}.`);
  }
  const after = decode(call.query.get('pageToken') ?? '');
  const keep = parseFilter(call.query.get('filter'));
  const order = orderOf(call);
  const { project = '' } = call.params;
  const isHere = ({ selfLink = '' }: Named): boolean => selfLink.includes(`/projects/${project}/`);
  const rest = [...all]
    .filter((item) => isHere(item) && item.name > after && keep(item))
    .sort(order);
  const items = rest.slice(0, size || MAX_RESULTS);
  const last = items.at(-1);
  return rest.length > items.length && last
    ? { items, nextPageToken: encode(last.name) }
    : { items };
}

/** A list answer of one zone. `items` is left out when empty, as Google does. */
export function listAnswer(kind: string, selfLink: string, page: Page<object>): object {
  const { items, ...rest } = page;
  return { kind, id: selfLink, selfLink, ...(items.length > 0 && { items }), ...rest };
}
