/** Reading requests of Secret Manager. Pure. */

import type { Json } from '../proto-schema.ts';
import type { Demand } from '../service.ts';

/** https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets/list */
export const PAGE_MAX = 25_000;

export const str = (value: unknown): string => (typeof value === 'string' ? value : '');
export const optional = (value: unknown): string | undefined => str(value) || undefined;

/** `projects/p/secrets/s/versions/v` cut into what the store wants. */
export function splitVersion(name: string): { secret: string; key: string } {
  const at = name.lastIndexOf('/versions/');
  return { secret: name.slice(0, at), key: name.slice(at + '/versions/'.length) };
}

/** The same resource name, its project named by number. */
export type Named = (name: unknown) => string;

export const on =
  (permission: string, field: string) =>
  (request: Json): readonly Demand[] => [
    { permission: `secretmanager.${permission}`, resource: str(request[field]) },
  ];
