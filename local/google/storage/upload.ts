/**
 * Uploads: `media` (the body is the object), `multipart` (metadata and body in one
 * multipart/related), `resumable` (a session, then the body in one or more pieces).
 *
 * https://cloud.google.com/storage/docs/uploads-downloads
 */

import { parseJson } from '../kernel.ts';
import type { Call, Demand, Route } from '../service.ts';
import { GoogleError, Reply } from '../service.ts';
import { checkGeneration } from './precondition.ts';
import type { ObjectFields, StorageStore } from './store.ts';
import { objectView } from './view.ts';

interface Upload extends ObjectFields {
  readonly name: string;
  readonly data: Buffer;
}

interface Session extends ObjectFields {
  readonly bucket: string;
  readonly name: string;
  readonly received: Buffer;
}

/** The two parts of a multipart/related body. Line ends may be bare LF, as gcloud writes them. */
function splitMultipart(
  raw: Buffer,
  contentType: string,
): { json: Buffer; type: string; data: Buffer } {
  const boundary = /boundary=(?:"([^"]+)"|'([^']+)'|([^;\s]+))/
    .exec(contentType)
    ?.slice(1)
    .find(Boolean);
  const text = raw.toString('latin1');
  const pieces = boundary ? text.split(`--${boundary}`) : [];
  const [meta, media] = pieces.slice(1, 3).map((piece) => {
    const normal = piece.replace(/^\r?\n/, '');
    const end = /\r?\n\r?\n/.exec(normal) ?? { index: normal.length, 0: '' };
    return {
      head: normal.slice(0, end.index),
      body: normal.slice(end.index + end[0].length).replace(/\r?\n$/, ''),
    };
  });
  if (!meta || !media) throw new GoogleError('INVALID_ARGUMENT', 'Malformed multipart body.');
  const type = /^content-type:\s*(.+)$/im.exec(media.head)?.[1]?.trim() ?? '';
  return { json: Buffer.from(meta.body, 'latin1'), type, data: Buffer.from(media.body, 'latin1') };
}

const fieldsOf = (json: Record<string, unknown>, type: string | undefined): ObjectFields => ({
  contentType: (json.contentType as string | undefined) ?? type,
  metadata: json.metadata as Record<string, string> | undefined,
});

function nameOf(call: Call, json: Record<string, unknown>): string {
  const name = String(json.name ?? call.query.get('name') ?? '');
  if (name !== '' && Buffer.byteLength(name) <= 1024 && !/[\r\n]/.test(name)) return name;
  throw new GoogleError('INVALID_ARGUMENT', name === '' ? 'Required' : 'Invalid object name.');
}

function readUpload(call: Call): Upload {
  const contentType = call.headers['content-type'];
  if (call.query.get('uploadType') === 'multipart') {
    const { json, type, data } = splitMultipart(call.raw, contentType ?? '');
    const fields = parseJson(json);
    return { name: nameOf(call, fields), data, ...fieldsOf(fields, type) };
  }
  return { name: nameOf(call, {}), data: call.raw, contentType };
}

const isResumable = (call: Call): boolean => call.query.get('uploadType') === 'resumable';

/** `bytes 0-99/100`, `bytes 0-99/*` (more to come), `bytes *\/100` */
const isLast = (range: string | undefined, received: number): boolean => {
  const total = /\/(\d+)$/.exec(range ?? '')?.[1];
  return range === undefined || (total !== undefined && Number(total) === received);
};

/** What writing an object takes: replacing one takes deleting it. @throws GoogleError NOT_FOUND (bucket) */
const writeDemands = (store: StorageStore, bucket: string, name: string): readonly Demand[] => {
  const resource = `projects/_/buckets/${bucket}/objects/${name}`;
  const create = { permission: 'storage.objects.create', resource };
  const replaces = store.find(bucket, name) !== undefined;
  return replaces ? [create, { permission: 'storage.objects.delete', resource }] : [create];
};

/** @param newId a fresh upload id */
export function uploadRoutes(store: StorageStore, newId: () => string): readonly Route[] {
  const sessions = new Map<string, Session>();
  const path = '/upload/storage/v1/b/:bucket/o';

  const begin = (call: Call, bucket: string): Reply => {
    const json = parseJson(call.raw);
    const id = newId();
    const fields = fieldsOf(json, call.headers['x-upload-content-type']);
    store.bucket(bucket);
    sessions.set(id, { bucket, name: nameOf(call, json), received: Buffer.alloc(0), ...fields });
    const query = `uploadType=resumable&upload_id=${id}`;
    const location = `http://${call.headers.host}/upload/storage/v1/b/${bucket}/o?${query}`;
    return new Reply(200, '', { location, 'x-guploader-uploadid': id });
  };

  const insert = (call: Call): object | Reply => {
    const bucket = call.params.bucket ?? '';
    if (isResumable(call)) return begin(call, bucket);
    const { name, data, ...fields } = readUpload(call);
    checkGeneration(store, call, bucket, name);
    return objectView(store.put(bucket, name, data, fields));
  };

  const proceed = (call: Call): object | Reply => {
    const id = call.query.get('upload_id') ?? '';
    const session = sessions.get(id);
    if (!session) throw new GoogleError('NOT_FOUND', 'Upload session not found.');
    const { bucket, name, ...fields } = session;
    const received = Buffer.concat([session.received, call.raw]);
    if (!isLast(call.headers['content-range'], received.length)) {
      sessions.set(id, { ...session, received });
      const range: Record<string, string> =
        received.length > 0 ? { range: `bytes=0-${received.length - 1}` } : {};
      return new Reply(308, '', range);
    }
    sessions.delete(id);
    return objectView(store.put(bucket, name, received, fields));
  };

  const demandsOf = (call: Call): readonly Demand[] => {
    const session = sessions.get(call.query.get('upload_id') ?? '');
    if (session) return writeDemands(store, session.bucket, session.name);
    const name = isResumable(call) ? nameOf(call, parseJson(call.raw)) : readUpload(call).name;
    return writeDemands(store, call.params.bucket ?? '', name);
  };

  const common = {
    path,
    method: 'storage.objects.insert',
    rawBody: true,
    demands: demandsOf,
  } as const;
  return [
    { ...common, verb: 'POST', handle: insert },
    { ...common, verb: 'PUT', handle: proceed },
  ];
}
