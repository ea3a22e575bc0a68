/**
 * What Secret Manager accepts in a secret. Pure.
 *
 * https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets
 */

import type { Json } from '../proto-schema.ts';
import { GoogleError } from '../service.ts';

/** Bytes: https://cloud.google.com/secret-manager/quotas */
const PAYLOAD_MAX = 65_536;
const ANNOTATIONS_MAX = 16_384;
const LABELS_MAX = 64;

const invalid = (message: string): GoogleError => new GoogleError('INVALID_ARGUMENT', message);

/** Fields whose effects are not emulated: refused, so that nobody relies on them. */
const NOT_EMULATED = [
  'topics',
  'rotation',
  'versionDestroyTtl',
  'customerManagedEncryption',
  'secretType',
  'tags',
];

/** Generated clients write out empty lists, maps and `…_UNSPECIFIED`; all of them mean: not set. */
const isSet = (value: unknown): boolean =>
  typeof value === 'object' && value !== null
    ? Object.keys(value).length > 0
    : value !== undefined && !String(value).endsWith('_UNSPECIFIED');

export function checkSecretId(id: string): void {
  if (/^[A-Za-z0-9_-]{1,255}$/.test(id)) return;
  throw invalid(
    `The provided Secret ID [${id}] does not match the expected format [[a-zA-Z_0-9-]+] or is longer than 255 characters.`,
  );
}

function checkLabels(labels: Readonly<Record<string, string>>): void {
  const entries = Object.entries(labels);
  if (entries.length > LABELS_MAX) throw invalid(`A secret can have at most ${LABELS_MAX} labels.`);
  for (const [key, value] of entries) {
    if (!/^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u.test(key)) {
      throw invalid(
        `Label key '${key}' must match [\\p{Ll}\\p{Lo}][\\p{Ll}\\p{Lo}\\p{N}_-]{0,62}.`,
      );
    }
    if (!/^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u.test(value)) {
      throw invalid(`Label value of '${key}' must match [\\p{Ll}\\p{Lo}\\p{N}_-]{0,63}.`);
    }
  }
}

function checkAnnotations(annotations: Readonly<Record<string, string>>): void {
  let size = 0;
  for (const [key, value] of Object.entries(annotations)) {
    if (!/^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/.test(key)) {
      throw invalid(`Annotation key '${key}' is invalid.`);
    }
    size += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (size > ANNOTATIONS_MAX)
    throw invalid('The total size of annotations must be less than 16KiB.');
}

/** Checks the fields that create and patch have in common. @throws GoogleError INVALID_ARGUMENT */
export function checkSecretFields(secret: Json): void {
  const field = NOT_EMULATED.find((name) => isSet(secret[name]));
  if (field) throw invalid(`Secret.${field} is not supported by this emulator.`);
  checkLabels((secret.labels ?? {}) as Record<string, string>);
  checkAnnotations((secret.annotations ?? {}) as Record<string, string>);
}

/** Replication is required and cannot change later. */
export function checkReplication(replication: unknown): void {
  const { automatic, userManaged } = (replication ?? {}) as Json;
  const replicas = (userManaged as Json | undefined)?.replicas;
  if (automatic || (Array.isArray(replicas) && replicas.length > 0)) return;
  throw invalid(
    'The Secret.replication field must be set to automatic or to user-managed replicas.',
  );
}

/** Bytes of a payload. @throws GoogleError INVALID_ARGUMENT: empty, too large, or not what the checksum says */
export function readPayload(payload: Json | undefined, crc: (bytes: Buffer) => number): Buffer {
  const data = Buffer.from(String(payload?.data ?? ''), 'base64');
  if (data.length === 0) throw invalid('Secret Payload cannot be empty.');
  if (data.length > PAYLOAD_MAX) {
    throw invalid(`Secret Payload cannot be larger than ${PAYLOAD_MAX} bytes, got ${data.length}.`);
  }
  const claimed = payload?.dataCrc32c;
  if (claimed !== undefined && Number(claimed) !== crc(data)) {
    throw invalid('Secret Payload data does not match its CRC32C checksum.');
  }
  return data;
}

/** Milliseconds of `3600s`. */
export const durationMs = (text: string): number => Number(text.slice(0, -1)) * 1000;
