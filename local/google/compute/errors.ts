/**
 * Compute's own wording of what can be wrong with a request.
 * https://cloud.google.com/compute/docs/troubleshooting/troubleshooting-api-errors
 */

import { GoogleError } from '../service.ts';

export const invalidField = (field: string, value: unknown, why: string): GoogleError =>
  new GoogleError(
    'INVALID_ARGUMENT',
    `Invalid value for field '${field}': '${String(value ?? '')}'. ${why}`,
    'invalid',
  );

export const notFound = (path: string): GoogleError =>
  new GoogleError('NOT_FOUND', `The resource '${path}' was not found`, 'notFound');

export const alreadyExists = (path: string): GoogleError =>
  new GoogleError('ALREADY_EXISTS', `The resource '${path}' already exists`, 'alreadyExists');

export const inUse = (disk: string, user: string): GoogleError =>
  new GoogleError(
    'INVALID_ARGUMENT',
    `The disk resource '${disk}' is already being used by '${user}'`,
    'resourceInUseByAnotherResource',
  );

export const staleFingerprint = (noun: string): GoogleError =>
  new GoogleError(
    'FAILED_PRECONDITION',
    `Supplied fingerprint does not match current ${noun} fingerprint.`,
    'conditionNotMet',
  );

const NAME = /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** @throws GoogleError INVALID_ARGUMENT. RFC 1035, as https://cloud.google.com/compute/docs/naming-resources says. */
export function checkName(field: string, name: unknown): string {
  if (typeof name === 'string' && NAME.test(name)) return name;
  throw invalidField(
    field,
    name,
    "Must be a match of regex '(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)'",
  );
}

const LABEL_KEY = /^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u;
const LABEL_VALUE = /^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u;
const LABELS_MAX = 64;

/** @throws GoogleError INVALID_ARGUMENT. https://cloud.google.com/compute/docs/labeling-resources#requirements */
export function checkLabels(field: string, labels: Readonly<Record<string, string>>): void {
  const entries = Object.entries(labels);
  if (entries.length > LABELS_MAX) throw invalidField(field, '', 'Too many labels.');
  for (const [key, value] of entries) {
    if (!LABEL_KEY.test(key)) throw invalidField(field, key, 'Label key is not allowed.');
    if (!LABEL_VALUE.test(value)) throw invalidField(field, value, 'Label value is not allowed.');
  }
}
