/** The functions that were deployed, and the source that each was deployed from. */

import { GoogleError } from '../service.ts';
import type { World } from '../world.ts';

type Config = Readonly<Record<string, unknown>>;

/** As it was deployed; `buildConfig` and `serviceConfig` as in the API. */
export interface DeployedFunction {
  /** `projects/p/locations/l/functions/f` */
  readonly name: string;
  readonly buildConfig: Config;
  readonly serviceConfig: Config;
  readonly labels: Readonly<Record<string, string>>;
}

export interface FunctionStore {
  readonly all: Map<string, DeployedFunction>;
  /** Zips, by the name of their object. */
  readonly uploads: Map<string, Buffer>;
  /** @throws GoogleError NOT_FOUND */
  find(name: string): DeployedFunction;
  /**
   * Deploys over what is there.
   * @throws GoogleError INVALID_ARGUMENT: no such runtime, source or service account
   */
  put(fn: DeployedFunction): DeployedFunction;
  /** The zip that a function was deployed from. */
  sourceOf(fn: DeployedFunction): Buffer;
}

export const RUNTIMES = ['nodejs20', 'nodejs22', 'nodejs24'];

function objectOf(build: Config): string {
  const source = build.source as { storageSource?: { object?: string } } | undefined;
  return source?.storageSource?.object ?? '';
}

export function createFunctionStore({ accounts }: Pick<World, 'accounts'>): FunctionStore {
  const all = new Map<string, DeployedFunction>();
  const uploads = new Map<string, Buffer>();
  const sourceOf = ({ buildConfig }: DeployedFunction): Buffer => {
    const zip = uploads.get(objectOf(buildConfig));
    if (zip) return zip;
    throw new GoogleError('INVALID_ARGUMENT', 'The source is not there.');
  };
  return {
    all,
    uploads,
    sourceOf,
    find(name) {
      const found = all.get(name);
      if (found) return found;
      throw new GoogleError('NOT_FOUND', `Resource '${name}' was not found`);
    },
    put(fn) {
      const before = all.get(fn.name);
      const buildConfig = { ...before?.buildConfig, ...fn.buildConfig };
      const serviceConfig = { ...before?.serviceConfig, ...fn.serviceConfig };
      const next = { ...fn, buildConfig, serviceConfig };
      const runtime = String(buildConfig.runtime ?? '');
      if (!RUNTIMES.includes(runtime)) {
        throw new GoogleError('INVALID_ARGUMENT', `Runtime ${runtime} is not supported.`);
      }
      const account = String(serviceConfig.serviceAccountEmail ?? '');
      if (account !== '' && !accounts.find(account)) {
        throw new GoogleError('INVALID_ARGUMENT', `Service account ${account} does not exist.`);
      }
      sourceOf(next);
      all.set(fn.name, next);
      return next;
    },
  };
}
