/** Methods on secrets: https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets */

import { paginate } from '../page.ts';
import type { Json } from '../proto-schema.ts';
import type { RpcMethod } from '../rpc.ts';
import { GoogleError } from '../service.ts';
import type { World } from '../world.ts';
import { secretFilter } from './filter.ts';
import { type Named, on, optional, PAGE_MAX, str } from './request.ts';
import { checkReplication, checkSecretFields, checkSecretId, durationMs } from './rules.ts';
import type { SecretFields, SecretStore } from './store.ts';
import { secretView } from './view.ts';

const UPDATABLE = ['labels', 'annotations', 'versionAliases', 'expireTime', 'ttl'] as const;
const camel = (name: string): string =>
  name.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase());

/** Which fields a patch changes. @throws GoogleError INVALID_ARGUMENT */
function maskOf(updateMask: unknown): readonly string[] {
  const fields = str(updateMask).split(',').filter(Boolean).map(camel);
  if (fields.length === 0) {
    throw new GoogleError('INVALID_ARGUMENT', 'The update mask must not be empty.');
  }
  for (const field of fields) {
    if (UPDATABLE.some((known) => known === field)) continue;
    throw new GoogleError('INVALID_ARGUMENT', `Field [${field}] of a secret cannot be updated.`);
  }
  return fields;
}

/** The secret's fields that can change, out of a request's `secret`. */
function fieldsOf(secret: Json, now: number): SecretFields {
  checkSecretFields(secret);
  const ttl = optional(secret.ttl);
  return {
    labels: (secret.labels ?? {}) as Record<string, string>,
    annotations: (secret.annotations ?? {}) as Record<string, string>,
    versionAliases: (secret.versionAliases ?? {}) as Record<string, string>,
    expireTime: ttl ? new Date(now + durationMs(ttl)).toISOString() : optional(secret.expireTime),
  };
}

export function secretMethods(store: SecretStore, world: World, byNumber: Named) {
  const { clock, iam } = world;
  return {
    ListSecrets: {
      demands: on('secrets.list', 'parent'),
      handle: (request) => {
        const matches = secretFilter(str(request.filter));
        const all = store
          .list(byNumber(request.parent))
          .filter((secret) => matches({ name: secret.name, labels: secret.labels }));
        const page = paginate(
          all,
          request.pageSize as number,
          optional(request.pageToken),
          PAGE_MAX,
        );
        const { items, ...next } = page;
        return { secrets: items.map(secretView), totalSize: all.length, ...next };
      },
    },
    CreateSecret: {
      demands: on('secrets.create', 'parent'),
      handle: (request) => {
        const secret = (request.secret ?? {}) as Json;
        const id = str(request.secretId);
        checkSecretId(id);
        checkReplication(secret.replication);
        const name = `${byNumber(request.parent)}/secrets/${id}`;
        const fields = fieldsOf(secret, clock.now());
        return secretView(store.create(name, secret.replication as object, fields));
      },
    },
    GetSecret: {
      demands: on('secrets.get', 'name'),
      handle: (request) => secretView(store.get(byNumber(request.name))),
    },
    UpdateSecret: {
      demands: (request) => on('secrets.update', 'name')((request.secret ?? {}) as Json),
      handle: (request) => {
        const secret = (request.secret ?? {}) as Json;
        const mask = maskOf(request.updateMask);
        const fields = Object.entries(fieldsOf(secret, clock.now())).filter(
          ([field]) => mask.includes(field) || (field === 'expireTime' && mask.includes('ttl')),
        );
        const name = byNumber(secret.name);
        return secretView(store.update(name, optional(secret.etag), Object.fromEntries(fields)));
      },
    },
    DeleteSecret: {
      demands: on('secrets.delete', 'name'),
      handle: (request) => {
        store.remove(byNumber(request.name), optional(request.etag));
        iam.drop(str(request.name));
        return {};
      },
    },
  } satisfies Record<string, RpcMethod>;
}
