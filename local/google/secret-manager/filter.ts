/**
 * List filters of Secret Manager, as far as they are used: `name:part`, `labels.key=value`,
 * `labels.key:*`, `state:ENABLED`, joined by AND. A `-` in front negates (https://google.aip.dev/160), so
 * what a value that begins with it means outside quotes nobody says: it is refused here.
 *
 * https://cloud.google.com/secret-manager/docs/filtering
 */

import { GoogleError } from '../service.ts';

export interface Filterable {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly state?: string;
}

const TERM = /^(name|state|labels\.[\p{L}\p{N}_-]+)\s*(:|=)\s*(?:"([^"]+)"|([^"\s-][^"\s]*))$/u;

function parseTerm(term: string): (item: Filterable) => boolean {
  const [, field = '', operator, quoted, bare = ''] = TERM.exec(term.trim()) ?? [];
  const wanted = quoted ?? bare;
  if (field === '') throw new GoogleError('INVALID_ARGUMENT', `Invalid filter: ${term}`);
  return (item) => {
    const label = field.startsWith('labels.')
      ? item.labels[field.slice('labels.'.length)]
      : undefined;
    const value = field === 'name' ? item.name : field === 'state' ? item.state : label;
    if (value === undefined) return false;
    if (operator === '=') return value === wanted;
    return wanted === '*' || value.toLowerCase().includes(wanted.toLowerCase());
  };
}

/** @throws GoogleError INVALID_ARGUMENT for a filter it does not know */
export function secretFilter(filter: string): (item: Filterable) => boolean {
  if (filter.trim() === '') return () => true;
  const terms = filter.split(/\s+AND\s+/i).map(parseTerm);
  return (item) => terms.every((matches) => matches(item));
}
