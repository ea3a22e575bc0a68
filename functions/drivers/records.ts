/**
 * Port `Records` on Cloud Storage: empty objects of the plane's bucket whose metadata holds the
 * record, so that one list brings them all; `ifGenerationMatch` makes every change conditional.
 * https://cloud.google.com/storage/docs/request-preconditions
 */

import { Readable } from 'node:stream';
import { storage_v1 } from 'googleapis/build/src/apis/storage/v1.js';
import type { Kept, Records } from '../service/ports.ts';
import { type GoogleAccess, uploadOptions } from './google-access.ts';
import { call, read } from './google-error.ts';

const FIELDS = 'name,generation,metadata';
/** Google's highest. */
const PAGE_SIZE = 1000;

/** What somebody wrote there by hand is no record. */
function keptOf({ name, generation, metadata }: storage_v1.Schema$Object): Kept | undefined {
  try {
    const value: unknown = JSON.parse(metadata?.record ?? '');
    return { name: name ?? '', value, generation: generation ?? '' };
  } catch {
    return undefined;
  }
}

/** @param bucket its name alone */
export function recordsDriver(access: GoogleAccess, bucket: string): Records {
  const { objects } = new storage_v1.Storage(access.rest);
  return {
    get: (name) =>
      read('read a record', async () => {
        const { data } = await objects.get({ bucket, object: name, fields: FIELDS });
        return keptOf(data);
      }),
    list: (prefix) =>
      call('list records', async () => {
        const all: Kept[] = [];
        let pageToken: string | undefined;
        do {
          const { data } = await objects.list({
            bucket,
            prefix,
            maxResults: PAGE_SIZE,
            fields: `nextPageToken,items(${FIELDS})`,
            ...(pageToken === undefined ? {} : { pageToken }),
          });
          all.push(...(data.items ?? []).map(keptOf).filter((kept) => kept !== undefined));
          pageToken = data.nextPageToken ?? undefined;
        } while (pageToken !== undefined);
        return all;
      }),
    put: (name, value, generation = '0') =>
      call('write a record', async () => {
        const { data } = await objects.insert(
          {
            bucket,
            name,
            ifGenerationMatch: generation,
            requestBody: { metadata: { record: JSON.stringify(value) } },
            media: { mimeType: 'application/octet-stream', body: Readable.from(['\n']) },
          },
          uploadOptions(access),
        );
        return data.generation ?? '';
      }),
    remove: async (name, generation) => {
      await read('remove a record', () =>
        objects.delete({ bucket, object: name, ifGenerationMatch: generation }),
      );
    },
  };
}
