/** https://cloud.google.com/storage/docs/request-preconditions */

import type { Call } from '../service.ts';
import { GoogleError } from '../service.ts';
import type { StorageStore } from './store.ts';

/** `ifGenerationMatch=0` means: only when there is none. @throws GoogleError FAILED_PRECONDITION */
export function checkGeneration(
  store: StorageStore,
  call: Call,
  bucket: string,
  name: string,
): void {
  const wanted = call.query.get('ifGenerationMatch');
  if (wanted === null || wanted === (store.find(bucket, name)?.generation ?? '0')) return;
  throw new GoogleError(
    'FAILED_PRECONDITION',
    'At least one of the pre-conditions you specified did not hold.',
    'conditionNotMet',
  );
}
