/**
 * What setup asks Cloud Logging about the audit log of a plane that was torn down.
 * https://cloud.google.com/logging/docs/reference/v2/rest/v2/projects.locations.buckets
 */

import type { LogBuckets } from '../log-buckets.ts';
import type { Call, Demand, Service } from '../service.ts';
import { GoogleError } from '../service.ts';

const PATH = '/v2/projects/:project/locations/:location/buckets/:bucket';
const METHOD = 'google.logging.v2.ConfigServiceV2';
const nameOf = ({ params: { project, location, bucket } }: Call): string =>
  `projects/${project}/locations/${location}/buckets/${bucket}`;
const on =
  (verb: string) =>
  (call: Call): readonly Demand[] => [
    { permission: `logging.buckets.${verb}`, resource: nameOf(call) },
  ];

export function createLogBucketService(buckets: LogBuckets): Service {
  const view = (call: Call): object => {
    const name = nameOf(call);
    const lifecycleState = buckets.stateOf(name);
    if (lifecycleState) return { name, lifecycleState };
    throw new GoogleError('NOT_FOUND', `Bucket ${name} does not exist.`);
  };
  return {
    name: 'logging',
    errorShape: 'rpc',
    routes: [
      {
        verb: 'GET',
        path: PATH,
        method: `${METHOD}.GetBucket`,
        demands: on('get'),
        handle: view,
      },
      {
        verb: 'POST',
        path: `${PATH}\\:undelete`,
        method: `${METHOD}.UndeleteBucket`,
        demands: on('undelete'),
        handle: (call) => {
          view(call);
          buckets.undelete(nameOf(call));
          return {};
        },
      },
    ],
  };
}
