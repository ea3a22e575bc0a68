/** What the three functions are made of. Everything that talks to Google is made at its first use. */

import { PlaneError } from '../contracts/errors.ts';
import type { AgentName } from '../contracts/names.ts';
import type { Config } from './config.ts';
import { cellOf, manyPlaces, onePlace, type Places } from './service/cells.ts';
import { ensureLinkKey } from './service/link-key.ts';
import type { LinkTools } from './service/pairing-link.ts';
import {
  patientAccounts,
  patientListing,
  patientMachines,
  patientRecords,
  patientSecrets,
} from './service/patient.ts';
import type { Clock } from './service/ports.ts';
import type { Tools } from './service/steps.ts';
import { templates } from './templates.ts';

/** What a process has that tests may want to replace. */
export interface Ambient {
  readonly clock: Clock;
  /** A fresh random id. */
  readonly newId: () => string;
  /** A fresh random key of 256 bits, as text. */
  readonly newKey: () => string;
  /** 0 up to 1; draws the pauses between attempts. */
  readonly random: () => number;
}

/** Made once, at the first call; a failure is not kept. */
export function lazy<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

/** @throws Error when the build forgot a template */
export function template(path: string): string {
  const text = templates[path];
  if (text === undefined) throw new Error(`templates/plane/${path} is missing`);
  return text;
}

/** Those of one folder, by their path in there. */
export const templatesIn = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(templates)
      .filter(([path]) => path.startsWith(folder))
      .map(([path, text]) => [path.slice(folder.length), text]),
  );

export function access(config: Config) {
  return lazy(async () => {
    const { googleAccess } = await import('./drivers/google-access.ts');
    return googleAccess(config.project, config.googleEndpoint);
  });
}

export function verifier(config: Config) {
  return lazy(async () => {
    const { identityDriver } = await import('./drivers/identity.ts');
    return identityDriver(config.googleEndpoint);
  });
}

function directory(
  { serviceAccount, directoryAs }: Config,
  clock: Clock,
  google: ReturnType<typeof access>,
) {
  return lazy(async () => {
    const { directoryDriver } = await import('./drivers/directory.ts');
    return directoryDriver(await google(), { serviceAccount, as: directoryAs, now: clock.now });
  });
}

/** What the verbs work with, in each project that holds agents. */
export const tools = (
  config: Config,
  ambient: Ambient,
  google: ReturnType<typeof access>,
): PerCell<Tools> => perCell(config, ambient, google, (cell) => toolsIn(cell, ambient, google));

async function toolsIn(
  config: Config,
  { clock, newId, random }: Ambient,
  google: ReturnType<typeof access>,
): Promise<Tools> {
  const [
    at,
    { secretsDriver },
    { machinesDriver },
    { serviceAccountsDriver },
    { backupsDriver },
    { listingDriver },
    { recordsDriver },
    { webhooksDriver },
  ] = await Promise.all([
    google(),
    import('./drivers/secrets.ts'),
    import('./drivers/machines.ts'),
    import('./drivers/service-accounts.ts'),
    import('./drivers/backups.ts'),
    import('./drivers/listing.ts'),
    import('./drivers/records.ts'),
    import('./drivers/webhooks.ts'),
  ]);
  const bucket = bucketOf(config);
  return {
    project: config.project,
    clock,
    newId,
    random,
    listing: patientListing(listingDriver(at, config.project), { clock, random }),
    backups: backupsDriver(at, bucket),
    records: patientRecords(recordsDriver(at, bucket), { clock, random }),
    directory: directory(config, clock, google),
    phoneRegion: config.phoneRegion,
    webhooks: webhooksDriver(at, config.project),
    secrets: patientSecrets(secretsDriver(at, config.project), { clock, random }),
    machines: patientMachines(machinesDriver(at, config), { clock, random }),
    serviceAccounts: patientAccounts(serviceAccountsDriver(at, config.project), {
      clock,
      random,
    }),
    instance: { ...config, startupScript: template('startup-script.sh') },
  };
}

/** One of a kind for each project that holds agents, made at its first use. */
export interface PerCell<T> {
  /** Of the project that the agent is in; without one, of the plane's. No record is read in a fleet of one project. */
  readonly of: (agent?: AgentName) => Promise<T>;
  /** @throws PlaneError FAILED_PRECONDITION for a project that is no cell (any more) */
  readonly in: (project: string) => Promise<T>;
}

/** @param make from the settings as they are for one project */
export function perCell<T>(
  config: Config,
  ambient: Ambient,
  google: ReturnType<typeof access>,
  make: (config: Config) => Promise<T>,
): PerCell<T> {
  // What is named after the plane's project lies there; each cell has a subnetwork of its own.
  const inCell = (project: string): Config => ({
    ...config,
    project,
    subnetwork: config.subnetwork.replace(`projects/${config.project}/`, `projects/${project}/`),
  });
  const projects = new Set([config.project, ...config.cells.map(({ project }) => project)]);
  const each = new Map(
    [...projects].map((project) => [project, lazy(() => make(inCell(project)))]),
  );
  const records = recordsOf(config, ambient, google);
  const known = async () => ({ cells: config.cells, records: await records() });
  const at = (project: string): Promise<T> => {
    const found = each.get(project);
    if (found) return found();
    const problem = 'holds agents and is not named there';
    throw new PlaneError('FAILED_PRECONDITION', 'A project of the fleet is not known.', {
      details: [{ field: 'AGENTS_PLANE_CELLS', problem, fix: `add ${project}` }],
    });
  };
  return {
    in: at,
    of: async (agent) =>
      at(agent && config.cells.length > 0 ? await cellOf(await known(), agent) : config.project),
  };
}

function recordsOf(config: Config, { clock, random }: Ambient, google: ReturnType<typeof access>) {
  return lazy(async () => {
    const [at, { recordsDriver }] = await Promise.all([google(), import('./drivers/records.ts')]);
    return patientRecords(recordsDriver(at, bucketOf(config)), { clock, random });
  });
}

/** The bucket that the bundle lies in is the plane's own. */
const bucketOf = ({ bundle }: Config): string => new URL(bundle).host;

/** One project, or the cells that the fleet is cut into. */
export function places(config: Config, each: PerCell<Tools>): Places {
  if (config.cells.length === 0) return onePlace(() => each.of());
  return manyPlaces(async () => ({
    cells: config.cells,
    records: (await each.of()).records,
    toolsOf: each.in,
  }));
}

/** What giving out pairing links takes, on top of the rest. */
export function linkTools(
  config: Config,
  { newId, newKey }: Ambient,
  common: () => Promise<Tools>,
) {
  return lazy(async (): Promise<Tools & LinkTools> => {
    const base = await common();
    const linkKey = lazy(() => ensureLinkKey(base.secrets, base.clock, newKey));
    return { ...base, newId, linkKey, pagesUrl: config.pagesUrl };
  });
}
