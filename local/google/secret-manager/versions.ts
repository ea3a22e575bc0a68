/** Methods on versions: https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions */

import { crc32c } from '../crc32c.ts';
import { paginate } from '../page.ts';
import type { Json } from '../proto-schema.ts';
import type { RpcMethod } from '../rpc.ts';
import { secretFilter } from './filter.ts';
import { type Named, on, optional, PAGE_MAX, splitVersion, str } from './request.ts';
import { readPayload } from './rules.ts';
import type { SecretStore, SecretVersion } from './store.ts';
import { versionView } from './view.ts';

export function versionMethods(store: SecretStore, byNumber: Named) {
  const view = (secret: string, version: SecretVersion) => versionView(store.get(secret), version);
  const transition = (verb: string, state: SecretVersion['state']): RpcMethod => ({
    demands: on(`versions.${verb}`, 'name'),
    handle: (request) => {
      const { secret, key } = splitVersion(byNumber(request.name));
      return view(secret, store.setState(secret, key, state, optional(request.etag)));
    },
  });
  return {
    AddSecretVersion: {
      demands: on('versions.add', 'parent'),
      handle: (request) => {
        const payload = request.payload as Json | undefined;
        const secret = store.get(byNumber(request.parent)).name;
        const data = readPayload(payload, crc32c);
        return view(secret, store.addVersion(secret, data, payload?.dataCrc32c !== undefined));
      },
    },
    GetSecretVersion: {
      demands: on('versions.get', 'name'),
      handle: (request) => {
        const { secret, key } = splitVersion(byNumber(request.name));
        return view(secret, store.version(secret, key));
      },
    },
    AccessSecretVersion: {
      demands: on('versions.access', 'name'),
      handle: (request) => {
        const { secret, key } = splitVersion(byNumber(request.name));
        const { number, data = Buffer.alloc(0) } = store.access(secret, key);
        const payload = { data: data.toString('base64'), dataCrc32c: String(crc32c(data)) };
        return { name: `${secret}/versions/${number}`, payload };
      },
    },
    ListSecretVersions: {
      demands: on('versions.list', 'parent'),
      handle: (request) => {
        const secret = store.get(byNumber(request.parent));
        const matches = secretFilter(str(request.filter));
        const all = secret.versions
          .toReversed()
          .filter(({ number, state }) =>
            matches({ name: `${secret.name}/versions/${number}`, state, labels: {} }),
          );
        const page = paginate(
          all,
          request.pageSize as number,
          optional(request.pageToken),
          PAGE_MAX,
        );
        const { items, ...next } = page;
        const versions = items.map((version) => versionView(secret, version));
        return { versions, totalSize: all.length, ...next };
      },
    },
    EnableSecretVersion: transition('enable', 'ENABLED'),
    DisableSecretVersion: transition('disable', 'DISABLED'),
    DestroySecretVersion: transition('destroy', 'DESTROYED'),
  } satisfies Record<string, RpcMethod>;
}
