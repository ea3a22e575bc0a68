/**
 * Cloud Functions v2: what `gcloud functions deploy` talks to. The uploaded source is kept as it
 * came, so that a test can install and serve exactly that; nothing is built here.
 *
 * https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions
 */

import type { Call, Demand, Route, Service } from '../service.ts';
import { GoogleError } from '../service.ts';
import type { World } from '../world.ts';
import { checkFields, doneOperation } from './fields.ts';
import {
  createFunctionStore,
  type DeployedFunction,
  type FunctionStore,
  RUNTIMES,
} from './function-store.ts';

export interface CloudFunctions extends Pick<FunctionStore, 'all' | 'sourceOf'> {
  readonly service: Service;
}

const LOCATION = '/v2/projects/:project/locations/:location';
const FUNCTIONS = `${LOCATION}/functions`;
const METHOD = 'google.cloud.functions.v2.FunctionService';

const FIELDS = [
  ...['name', 'description', 'buildConfig', 'serviceConfig', 'eventTrigger', 'labels'],
  'environment',
];
const BUILD = [
  ...['runtime', 'entryPoint', 'source', 'serviceAccount', 'environmentVariables', 'workerPool'],
  ...['dockerRepository', 'dockerRegistry', 'sourceToken', 'automaticUpdatePolicy'],
  'onDeployUpdatePolicy',
];
const SERVICE = [
  ...['availableMemory', 'availableCpu', 'timeoutSeconds', 'environmentVariables'],
  ...['serviceAccountEmail', 'maxInstanceCount', 'minInstanceCount', 'ingressSettings'],
  ...['maxInstanceRequestConcurrency', 'allTrafficOnLatestRevision', 'vpcConnector', 'service'],
  ...['vpcConnectorEgressSettings', 'securityLevel', 'secretVolumes', 'uri', 'revision'],
  'secretEnvironmentVariables',
];

type Config = Readonly<Record<string, unknown>>;

const on =
  (verb: string) =>
  ({ params }: Call): readonly Demand[] => [
    { permission: `cloudfunctions.${verb}`, resource: `projects/${params.project}` },
  ];

const parentOf = ({ params }: Call): string =>
  `projects/${params.project}/locations/${params.location}`;
const nameOf = (call: Call, id = call.params.id): string => `${parentOf(call)}/functions/${id}`;

/** @throws GoogleError INVALID_ARGUMENT */
function readFunction(call: Call, name: string): DeployedFunction {
  checkFields(call.body, FIELDS);
  const { buildConfig = {}, serviceConfig = {}, labels = {} } = call.body;
  checkFields(buildConfig as object, BUILD, 'function.build_config');
  checkFields(serviceConfig as object, SERVICE, 'function.service_config');
  return {
    name,
    buildConfig: buildConfig as Config,
    serviceConfig: serviceConfig as Config,
    labels: labels as Record<string, string>,
  };
}

/** Deploying as an account takes acting as it, and so does building as one. */
function actAs({ body, params }: Call): readonly Demand[] {
  const { buildConfig, serviceConfig } = body as { buildConfig?: Config; serviceConfig?: Config };
  const builder = String(buildConfig?.serviceAccount ?? '').replace(/^.*\//, '');
  return [String(serviceConfig?.serviceAccountEmail ?? ''), builder]
    .filter((email) => email !== '')
    .map((email) => ({
      permission: 'iam.serviceAccounts.actAs',
      resource: `projects/${params.project}/serviceAccounts/${email}`,
    }));
}

function view(fn: DeployedFunction): object {
  const [, project, , location, , id] = fn.name.split('/');
  const service = `projects/${project}/locations/${location}/services/${id}`;
  const url = `https://${location}-${project}.cloudfunctions.net/${id}`;
  const serviceConfig = { ...fn.serviceConfig, service, uri: url };
  return { ...fn, state: 'ACTIVE', environment: 'GEN_2', url, serviceConfig };
}

const operation = (call: Call, response: object): object =>
  doneOperation(
    `${parentOf(call)}/operations/done`,
    nameOf(call),
    'google.cloud.functions.v2.Function',
    response,
  );

function functionRoutes({ all, find, put }: FunctionStore): readonly Route[] {
  const one = { path: `${FUNCTIONS}/:id` } as const;
  const many = { path: FUNCTIONS } as const;
  return [
    {
      ...one,
      verb: 'GET',
      method: `${METHOD}.GetFunction`,
      demands: on('functions.get'),
      handle: (call) => view(find(nameOf(call))),
    },
    {
      ...many,
      verb: 'GET',
      method: `${METHOD}.ListFunctions`,
      demands: on('functions.list'),
      handle: (call) => ({
        functions: [...all.values()]
          .filter(({ name }) => name.startsWith(`${parentOf(call)}/`))
          .map(view),
      }),
    },
    {
      ...many,
      verb: 'POST',
      method: `${METHOD}.CreateFunction`,
      demands: (call) => [...on('functions.create')(call), ...actAs(call)],
      handle: (call) => {
        const name = nameOf(call, call.query.get('functionId') ?? '');
        if (all.has(name)) throw new GoogleError('ALREADY_EXISTS', `${name} already exists`);
        return operation(call, view(put(readFunction(call, name))));
      },
    },
    {
      ...one,
      verb: 'PATCH',
      method: `${METHOD}.UpdateFunction`,
      demands: (call) => [...on('functions.update')(call), ...actAs(call)],
      handle: (call) => {
        const { name } = find(nameOf(call));
        return operation(call, view(put(readFunction(call, name))));
      },
    },
    {
      ...one,
      verb: 'DELETE',
      method: `${METHOD}.DeleteFunction`,
      demands: on('functions.delete'),
      handle: (call) => {
        all.delete(find(nameOf(call)).name);
        return operation(call, {});
      },
    },
  ];
}

function sourceRoutes({ uploads }: FunctionStore, newId: () => string): readonly Route[] {
  return [
    {
      verb: 'POST',
      path: `${FUNCTIONS}\\:generateUploadUrl`,
      method: `${METHOD}.GenerateUploadUrl`,
      demands: on('functions.sourceCodeSet'),
      handle: ({ params, headers }) => {
        const object = `${newId()}.zip`;
        const bucket = `gcf-v2-uploads-${params.project}.${params.location}.cloudfunctions.appspot.com`;
        const uploadUrl = `http://${headers.host}/upload/functions/${object}`;
        return { uploadUrl, storageSource: { bucket, object } };
      },
    },
    {
      // The name of the object is the secret, as the signature is in Google's URLs.
      verb: 'PUT',
      path: '/upload/functions/:object',
      method: 'storage.signedUrl.put',
      open: true,
      rawBody: true,
      demands: () => [],
      handle: ({ params, raw }) => {
        uploads.set(params.object ?? '', raw);
        return {};
      },
    },
    {
      verb: 'GET',
      path: `${LOCATION}/runtimes`,
      method: `${METHOD}.ListRuntimes`,
      demands: () => [],
      handle: () => ({
        runtimes: RUNTIMES.map((name) => ({ name, environment: 'GEN_2', stage: 'GA' })),
      }),
    },
    {
      verb: 'GET',
      path: `${LOCATION}/operations/done`,
      method: `${METHOD}.GetOperation`,
      demands: on('operations.get'),
      handle: (call) => operation(call, {}),
    },
  ];
}

export function createCloudFunctions(world: World): CloudFunctions {
  const store = createFunctionStore(world);
  const routes = [...functionRoutes(store), ...sourceRoutes(store, world.random)];
  const { all, sourceOf } = store;
  return { service: { name: 'cloudfunctions', errorShape: 'rpc', routes }, all, sourceOf };
}
