/** Plain REST under the same credentials, for what the generated clients cannot ask: a part of an answer. */

import type { z } from 'zod';
import { type GoogleAccess, urlAt } from './google-access.ts';
import { call } from './google-error.ts';
import { lastSegment } from './google-place.ts';

export type Get = <T extends z.ZodType>(
  schema: T,
  api: string,
  path: string,
  query: Record<string, string | undefined>,
) => Promise<z.output<T>>;

export const getOf =
  (access: GoogleAccess): Get =>
  (schema, api, path, query) =>
    call(`list ${lastSegment(path)}`, async () => {
      const url = urlAt(access, api, path);
      for (const [key, value] of Object.entries(query)) if (value) url.searchParams.set(key, value);
      const { data } = await access.auth.request({ url: url.href, retry: false });
      return schema.parse(data);
    });
