/**
 * IAM: service accounts.
 *
 * https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts
 */

import { excerptProtos } from './excerpt.ts';
import { iamMethods } from './iam-methods.ts';
import { IAM_PROTOS } from './iam-protos.ts';
import { paginate } from './page.ts';
import { createSchema, type Json } from './proto-schema.ts';
import { restRoutes } from './rest-binding.ts';
import type { RpcMethod } from './rpc.ts';
import type { Demand, Service } from './service.ts';
import { GoogleError } from './service.ts';
import type { ServiceAccount } from './service-accounts.ts';
import type { World } from './world.ts';

const PAGE_MAX = 100;

const invalid = (message: string): GoogleError => new GoogleError('INVALID_ARGUMENT', message);

/** 6-30 characters: https://cloud.google.com/iam/docs/service-accounts-create */
function checkAccountId(id: string): void {
  if (id.length < 6 || id.length > 30) {
    throw invalid(`The account ID "${id}" does not have a length between 6 and 30.`);
  }
  if (!/^[a-z]([-a-z0-9]*[a-z0-9])$/.test(id)) {
    throw invalid(`The account ID "${id}" does not match the pattern [a-z]([-a-z0-9]*[a-z0-9]).`);
  }
}

const texts = (account: Json): { displayName?: string; description?: string } => {
  const { displayName, description } = account as { displayName?: string; description?: string };
  if (Buffer.byteLength(displayName ?? '') > 100) {
    throw invalid('The display name of a service account has at most 100 bytes.');
  }
  if (Buffer.byteLength(description ?? '') > 256) {
    throw invalid('The description of a service account has at most 256 bytes.');
  }
  return {
    ...(displayName === undefined ? {} : { displayName }),
    ...(description === undefined ? {} : { description }),
  };
};

const view = (account: ServiceAccount): object => ({
  name: `projects/${account.projectId}/serviceAccounts/${account.email}`,
  projectId: account.projectId,
  uniqueId: account.uniqueId,
  email: account.email,
  ...(account.displayName ? { displayName: account.displayName } : {}),
  ...(account.description ? { description: account.description } : {}),
  ...(account.disabled ? { disabled: true } : {}),
  etag: Buffer.from('01021920').toString('base64'),
  oauth2ClientId: account.uniqueId,
});

const on = (verb: string) => (request: Json) => [
  { permission: `iam.serviceAccounts.${verb}`, resource: String(request.name) },
];

/** `projects/p/serviceAccounts/KEY`, KEY being an email or a unique id. */
const accountOf = (world: World, resource: unknown): ServiceAccount => {
  const account = world.accounts.find(String(resource).split('/')[3] ?? '');
  if (!account) throw new GoogleError('NOT_FOUND', 'Unknown service account');
  return account;
};

function accountMethods(world: World) {
  const { accounts, projects, tokens, iam } = world;
  const projectOf = (name: unknown): string => projects.normalise(String(name)).split('/')[1] ?? '';
  const setDisabled = (disabled: boolean) => (request: Json) => {
    const { email } = accountOf(world, request.name);
    accounts.update(email, { disabled });
    if (disabled) tokens.revoke(`serviceAccount:${email}`);
    return {};
  };
  return {
    ListServiceAccounts: {
      demands: on('list'),
      handle: (request) => {
        const size = request.pageSize as number | undefined;
        const all = accounts.list(projectOf(request.name));
        const { items, ...next } = paginate(all, size, request.pageToken as string, PAGE_MAX);
        return { accounts: items.map(view), ...next };
      },
    },
    CreateServiceAccount: {
      demands: on('create'),
      handle: (request) => {
        const id = String(request.accountId ?? '');
        checkAccountId(id);
        const given = texts((request.serviceAccount ?? {}) as Json);
        return view(accounts.create(projectOf(request.name), id, given));
      },
    },
    GetServiceAccount: {
      demands: on('get'),
      handle: (request) => view(accountOf(world, request.name)),
    },
    PatchServiceAccount: {
      demands: (request) => on('update')((request.serviceAccount ?? {}) as Json),
      handle: (request) => {
        const change = (request.serviceAccount ?? {}) as Json;
        const mask = String(request.updateMask ?? '').replaceAll('display_name', 'displayName');
        const wanted = Object.entries(texts(change)).filter(([k]) => mask.split(',').includes(k));
        const { email } = accountOf(world, change.name);
        return view(accounts.update(email, Object.fromEntries(wanted)));
      },
    },
    DeleteServiceAccount: {
      demands: on('delete'),
      handle: (request) => {
        const { email, uniqueId } = accountOf(world, request.name);
        accounts.remove(email);
        tokens.revoke(`serviceAccount:${email}`);
        iam.drop(String(request.name));
        iam.accountDeleted(email, uniqueId);
        return {};
      },
    },
    EnableServiceAccount: { demands: on('enable'), handle: setDisabled(false) },
    DisableServiceAccount: { demands: on('disable'), handle: setDisabled(true) },
  } satisfies Record<string, RpcMethod>;
}

export function createIam(world: World): Service {
  const mustExist = (resource: string): void => void accountOf(world, resource);
  const policies = iamMethods(world.iam, { prefix: 'iam.serviceAccounts', mustExist });
  return {
    name: 'iam',
    errorShape: 'rpc',
    denied: ({ permission }: Demand) =>
      `Permission '${permission}' denied on resource (or it may not exist).`,
    routes: restRoutes({
      name: 'google.iam.admin.v1.IAM',
      schema: createSchema(excerptProtos(IAM_PROTOS)),
      methods: { ...accountMethods(world), ...policies },
    }),
  };
}
