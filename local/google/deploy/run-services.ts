/**
 * Cloud Run's side of the functions: whether it asks who calls (`invokerIamDisabled`).
 * https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services
 */

import type { Call, Route, Service } from '../service.ts';
import { GoogleError } from '../service.ts';
import { checkFields, doneOperation } from './fields.ts';
import type { DeployedFunction } from './function-store.ts';

const METHOD = 'google.cloud.run.v2.Services';
const PATH = '/v2/projects/:project/locations/:location/services/:id';
const nameOf = ({ params: { project, location, id } }: Call): string =>
  `projects/${project}/locations/${location}/services/${id}`;

export function createRunServices(functions: ReadonlyMap<string, DeployedFunction>): {
  readonly service: Service;
  /** Whether anyone may call the service: Cloud Run does not ask who it is. */
  isOpen(name: string): boolean;
} {
  /** By the deployment of the function: what the next one makes of the setting is not documented, so it is lost. */
  const open = new WeakSet<DeployedFunction>();
  const find = (name: string): DeployedFunction => {
    const found = functions.get(name.replace('/services/', '/functions/'));
    if (!found) throw new GoogleError('NOT_FOUND', `Resource '${name}' was not found`);
    return found;
  };
  const view = (name: string): object => ({
    name,
    ...(open.has(find(name)) && { invokerIamDisabled: true }),
  });
  const one = { path: PATH } as const;
  const routes: readonly Route[] = [
    {
      ...one,
      verb: 'GET',
      method: `${METHOD}.GetService`,
      demands: (call) => [{ permission: 'run.services.get', resource: nameOf(call) }],
      handle: (call) => view(nameOf(call)),
    },
    {
      ...one,
      verb: 'PATCH',
      method: `${METHOD}.UpdateService`,
      demands: (call) =>
        ['run.services.update', 'run.services.setIamPolicy'].map((permission) => ({
          permission,
          resource: nameOf(call),
        })),
      handle: (call) => {
        checkFields(call.body, ['name', 'invokerIamDisabled']);
        if (call.query.get('updateMask') !== 'invokerIamDisabled') {
          throw new GoogleError('INVALID_ARGUMENT', 'Only invokerIamDisabled is emulated.');
        }
        const name = nameOf(call);
        open[call.body.invokerIamDisabled === true ? 'add' : 'delete'](find(name));
        const operation = name.replace(/services\/.*$/, 'operations/done');
        return doneOperation(operation, name, 'google.cloud.run.v2.Service', view(name));
      },
    },
  ];
  return {
    service: { name: 'run', errorShape: 'rpc', routes },
    isOpen: (name) => open.has(find(name)),
  };
}
