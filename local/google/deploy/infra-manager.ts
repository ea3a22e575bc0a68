/**
 * Infrastructure Manager: takes the Terraform files that gcloud put into a bucket and applies
 * them to the emulated Google. What Terraform would not understand fails the deployment, as it
 * does on Google. Whether the deployment's own service account may do all that is not asked here.
 *
 * https://cloud.google.com/infrastructure-manager/docs/reference/rest
 */

import type { Call, Demand, Route, Service } from '../service.ts';
import { GoogleError } from '../service.ts';
import type { StorageStore } from '../storage.ts';
import type { Tasks } from '../tasks.ts';
import type { World } from '../world.ts';
import { type Blueprint, createDeployments, type Deployment, type Wanted } from './deployments.ts';
import { checkFields, doneOperation } from './fields.ts';

export interface InfraManager {
  readonly service: Service;
  readonly deployments: ReadonlyMap<string, Deployment>;
}

const LOCATION = '/v1/projects/:project/locations/:location';
const DEPLOYMENT = `${LOCATION}/deployments/:id`;
const METHOD = 'google.cloud.config.v1.Config';
const FIELDS = [
  ...['name', 'labels', 'annotations', 'serviceAccount', 'terraformBlueprint', 'workerPool'],
  ...['importExistingResources', 'tfVersionConstraint', 'quotaValidation', 'artifactsGcsBucket'],
];

const on =
  (verb: string) =>
  ({ params }: Call): readonly Demand[] => [
    { permission: `config.${verb}`, resource: `projects/${params.project}` },
  ];
/** Whoever deploys with an account's rights must be allowed to act as it. */
const actAs = ({ body }: Call): readonly Demand[] => [
  { permission: 'iam.serviceAccounts.actAs', resource: String(body.serviceAccount ?? '') },
];
const parentOf = ({ params }: Call): string =>
  `projects/${params.project}/locations/${params.location}`;
const nameOf = (call: Call, id = call.params.id): string => `${parentOf(call)}/deployments/${id}`;

const view = ({
  name,
  state,
  serviceAccount,
  labels,
  blueprint,
  error,
  revisions,
}: Deployment) => ({
  name,
  state,
  serviceAccount,
  labels,
  terraformBlueprint: blueprint,
  latestRevision: revisions.at(-1)?.name,
  // Why, the revision says.
  ...(error !== undefined && {
    stateDetail: `revision ${revisions.at(-1)?.name} failed`,
    errorCode: 'REVISION_FAILED',
  }),
});

/** The operation's name says what it was about, so that it can be asked for later. */
const operation = (call: Call, name: string, deployment: Deployment | undefined): object =>
  doneOperation(
    `${parentOf(call)}/operations/${name.split('/').at(-1)}`,
    name,
    'google.cloud.config.v1.Deployment',
    deployment ? view(deployment) : {},
  );

const wantedOf = (body: Call['body']): Wanted => ({
  serviceAccount: String(body.serviceAccount ?? ''),
  labels: (body.labels ?? {}) as Record<string, string>,
  blueprint: (body.terraformBlueprint ?? {}) as Blueprint,
  tfVersionConstraint: body.tfVersionConstraint as string | undefined,
});

export function createInfraManager(
  world: World,
  storage: StorageStore,
  tasks: Tasks,
): InfraManager {
  const deployments = createDeployments(world, storage, tasks);
  const find = (call: Call): Deployment => {
    const found = deployments.all.get(nameOf(call));
    if (!found) throw new GoogleError('NOT_FOUND', `Resource '${nameOf(call)}' was not found`);
    return found;
  };
  const apply = (call: Call, name: string): object => {
    checkFields(call.body, FIELDS);
    const applied = deployments.apply(name, wantedOf(call.body));
    return operation(call, name, applied);
  };
  const get = { verb: 'GET', method: `${METHOD}.GetDeployment`, path: DEPLOYMENT } as const;
  const create = {
    verb: 'POST',
    method: `${METHOD}.CreateDeployment`,
    path: `${LOCATION}/deployments`,
  } as const;
  const routes: readonly Route[] = [
    { ...get, demands: on('deployments.get'), handle: (call) => view(find(call)) },
    {
      ...create,
      demands: (call) => [...on('deployments.create')(call), ...actAs(call)],
      handle: (call) => {
        const name = nameOf(call, call.query.get('deploymentId') ?? '');
        if (!deployments.all.has(name)) return apply(call, name);
        throw new GoogleError('ALREADY_EXISTS', `${name} exists already`);
      },
    },
    {
      ...create,
      verb: 'GET',
      method: `${METHOD}.ListDeployments`,
      demands: on('deployments.list'),
      handle: (call) => ({
        deployments: [...deployments.all.values()]
          .filter(({ name }) => name.startsWith(`${parentOf(call)}/`))
          .map(view),
      }),
    },
    {
      ...get,
      verb: 'PATCH',
      method: `${METHOD}.UpdateDeployment`,
      demands: (call) => [...on('deployments.update')(call), ...actAs(call)],
      handle: (call) => apply(call, find(call).name),
    },
    {
      ...get,
      verb: 'DELETE',
      method: `${METHOD}.DeleteDeployment`,
      demands: on('deployments.delete'),
      handle: (call) => {
        const { name } = find(call);
        deployments.remove(name, call.query.get('deletePolicy') !== 'ABANDON');
        return operation(call, name, undefined);
      },
    },
    {
      verb: 'GET',
      path: `${DEPLOYMENT}/revisions`,
      method: `${METHOD}.ListRevisions`,
      demands: on('revisions.list'),
      handle: (call) => ({ revisions: find(call).revisions }),
    },
    {
      verb: 'GET',
      path: `${LOCATION}/operations/:id`,
      method: `${METHOD}.GetOperation`,
      demands: on('operations.get'),
      handle: (call) => operation(call, nameOf(call), deployments.all.get(nameOf(call))),
    },
  ];
  return { service: { name: 'config', errorShape: 'rpc', routes }, deployments: deployments.all };
}
