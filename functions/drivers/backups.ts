/**
 * Port `Backups` on Cloud Storage, objects `agents/{name}/whatsapp` of the plane's bucket.
 * https://cloud.google.com/storage/docs/json_api/v1/objects
 */

import { Readable } from 'node:stream';
import { storage_v1 } from 'googleapis/build/src/apis/storage/v1.js';
import { backupObject } from '../../contracts/names.ts';
import type { Backups } from '../service/ports.ts';
import { type GoogleAccess, uploadOptions } from './google-access.ts';
import { call, read } from './google-error.ts';

/** @param bucket its name alone */
export function backupsDriver(access: GoogleAccess, bucket: string): Backups {
  const { objects } = new storage_v1.Storage(access.rest);
  return {
    save: (name, data) =>
      call('save a backup', async () => {
        await objects.insert(
          {
            bucket,
            name: backupObject(name),
            media: { mimeType: 'application/octet-stream', body: Readable.from([data]) },
          },
          uploadOptions(access),
        );
      }),
    load: (name) =>
      read('load a backup', async () => {
        const answer = await objects.get(
          { bucket, object: backupObject(name), alt: 'media' },
          { responseType: 'arraybuffer' },
        );
        return Buffer.from(answer.data as unknown as ArrayBuffer);
      }),
    names: async (name) => {
      const object = backupObject(name);
      const found = await read('look for a backup', () => objects.get({ bucket, object }));
      return found ? [object] : [];
    },
    remove: async (name) => {
      await read('delete a backup', () => objects.delete({ bucket, object: backupObject(name) }));
    },
  };
}
