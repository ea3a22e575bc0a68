/** Wires the functions with plain assignments. Everything that talks to Google is made at its first use. */

import { PlaneError } from '../contracts/errors.ts';
import type { Config } from './config.ts';
import { createPages } from './core/pages.ts';
import { apiRoutes } from './http/api.ts';
import {
  authenticatePerson,
  authenticateScheduler,
  authenticateTasks,
  authenticateVm,
  demandRole,
  isUnsigned,
} from './http/auth.ts';
import type { App } from './http/handler.ts';
import { errorPage, pageRoutes } from './http/pages.ts';
import { vmRoutes } from './http/vm.ts';
import { manyPlaces, onePlace, type Places } from './service/cells.ts';
import { sharedGuest } from './service/guest-memory.ts';
import { ensureLinkKey, readLinkKey } from './service/link-key.ts';
import type { LinkTools } from './service/pairing-link.ts';
import {
  patientAccounts,
  patientJournal,
  patientListing,
  patientMachines,
  patientSecrets,
} from './service/patient.ts';
import type { Clock, Machines } from './service/ports.ts';
import type { SelfTools } from './service/self.ts';
import type { Tools } from './service/steps.ts';
import { currentVm } from './service/vm-caller.ts';
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
function lazy<T>(make: () => Promise<T>): () => Promise<T> {
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
function template(path: string): string {
  const text = templates[path];
  if (text === undefined) throw new Error(`templates/plane/${path} is missing`);
  return text;
}

/** Those of one folder, by their path in there. */
const templatesIn = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(templates)
      .filter(([path]) => path.startsWith(folder))
      .map(([path, text]) => [path.slice(folder.length), text]),
  );

function access(config: Config) {
  return lazy(async () => {
    const { googleAccess } = await import('./drivers/google-access.ts');
    return googleAccess(config.project, config.googleEndpoint);
  });
}

function verifier(config: Config) {
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

function tools(
  config: Config,
  { clock, newId, random }: Ambient,
  google: ReturnType<typeof access>,
) {
  return lazy(async (): Promise<Tools> => {
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
    const bucket = new URL(config.bundle).host;
    return {
      project: config.project,
      clock,
      newId,
      random,
      // The bucket that the bundle lies in is the plane's own.
      listing: patientListing(listingDriver(at, config), { clock, random }),
      backups: backupsDriver(at, bucket),
      records: recordsDriver(at, bucket),
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
  });
}

/** One project, or the cells that the fleet is cut into. */
function places(
  config: Config,
  ambient: Ambient,
  google: ReturnType<typeof access>,
  common: () => Promise<Tools>,
): Places {
  if (config.cells.length === 0) return onePlace(common);
  // What is named after the plane's project lies there; each cell has a subnetwork of its own.
  const inCell = (project: string): Config => ({
    ...config,
    project,
    subnetwork: config.subnetwork.replace(`projects/${config.project}/`, `projects/${project}/`),
  });
  const each = new Map(
    config.cells.map(({ project }) => [project, tools(inCell(project), ambient, google)]),
  );
  return manyPlaces(async () => ({
    cells: config.cells,
    records: (await common()).records,
    toolsOf(project) {
      const found = each.get(project);
      if (found) return found();
      const problem = 'holds agents and is not named there';
      throw new PlaneError('FAILED_PRECONDITION', 'A project of the fleet is not known.', {
        details: [{ field: 'AGENTS_PLANE_CELLS', problem, fix: `add ${project}` }],
      });
    },
  }));
}

/** What giving out pairing links takes, on top of the rest. */
function linkTools(config: Config, { newId, newKey }: Ambient, common: () => Promise<Tools>) {
  return lazy(async (): Promise<Tools & LinkTools> => {
    const base = await common();
    const linkKey = lazy(() => ensureLinkKey(base.secrets, base.clock, newKey));
    return { ...base, newId, linkKey, pagesUrl: config.pagesUrl };
  });
}

/** What following the Workspace Directory takes, on top of the rest. */
function syncTools(
  config: Config,
  { clock }: Ambient,
  common: () => Promise<Tools>,
  google: ReturnType<typeof access>,
) {
  const mailer = lazy(async () => {
    const { mailDriver } = await import('./drivers/mail.ts');
    const { serviceAccount, mailFrom } = config;
    return mailDriver(await google(), { serviceAccount, from: mailFrom, now: clock.now });
  });
  return lazy(async () => ({
    ...(await common()),
    mailer,
    rules: { policy: config, phoneRegion: config.phoneRegion, share: config.syncShare },
    admins: config.admins,
    syncTemplate: template('mail/sync.txt'),
  }));
}

/** Function `api`. */
export function composeApi(config: Config, ambient: Ambient): App {
  const tokens = verifier(config);
  const google = access(config);
  const common = tools(config, ambient, google);
  const links = linkTools(config, ambient, common);
  const fleet = places(config, ambient, google, common);
  const bulk = lazy(async () => {
    const [base, at, { tasksDriver }] = await Promise.all([
      links(),
      google(),
      import('./drivers/tasks.ts'),
    ]);
    return { ...base, fleet, queue: tasksDriver(at, config) };
  });
  return {
    routes: apiRoutes({
      tools: fleet.of,
      fleet,
      links,
      bulk,
      journal: lazy(async () => {
        const [at, { journalDriver }] = await Promise.all([
          google(),
          import('./drivers/journal.ts'),
        ]);
        return patientJournal(journalDriver(at, config), ambient);
      }),
      syncing: syncTools(config, ambient, common, google),
      policy: config,
      url: config.audience,
    }),
    authenticate: async (role, authorization, identified, isChecked) => {
      if (role === 'tasks') {
        return authenticateTasks(tokens, config, authorization, identified);
      }
      if (role === 'scheduler' && isChecked && isUnsigned(authorization)) {
        return authenticateScheduler(config, authorization, identified);
      }
      const person = await authenticatePerson(tokens, config, authorization, identified);
      if (role === 'vm') throw new Error('no route of this function is for VMs');
      demandRole(person, role);
      return person.email;
    },
  };
}

/** Function `vm`. */
export function composeVm(config: Config, ambient: Ambient): App {
  const tokens = verifier(config);
  const google = access(config);
  const common = tools(config, ambient, google);
  const links = linkTools(config, ambient, common);
  const fleet = places(config, ambient, google, common);
  // Each agent's VM is looked for in its own cell.
  const machines: Pick<Machines, 'instance'> = {
    instance: async (name) => (await fleet.of(name)).machines.instance(name),
  };
  const current = currentVm(machines, ambient.clock);
  const self = lazy(async () => {
    const [base, at, { mailDriver }, { ownerMailboxDriver }, service] = await Promise.all([
      links(),
      google(),
      import('./drivers/mail.ts'),
      import('./drivers/owner-mailbox.ts'),
      Promise.all([
        import('./service/backup.ts'),
        import('./service/self.ts'),
        import('./service/usage.ts'),
      ]).then(([backup, own, usage]) => ({ ...backup, ...own, ...usage })),
    ]);
    const { serviceAccount, mailFrom } = config;
    const sender = { serviceAccount, from: mailFrom, now: ambient.clock.now };
    const all: SelfTools = {
      ...base,
      mailer: mailDriver(at, sender),
      mailbox: ownerMailboxDriver(at, sender),
      mailTemplates: templatesIn('mail/'),
      budgetTemplate: template('mail/budget.txt'),
      admins: config.admins,
    };
    return { service, tools: all };
  });
  return {
    routes: vmRoutes({
      url: config.vmUrl,
      self: async (name) => {
        const { service, tools: all } = await self();
        return { service, tools: { ...all, ...(await fleet.of(name)) } };
      },
    }),
    authenticate: async (_role, authorization, identified) => {
      const projects = [config.project, ...config.cells.map(({ project }) => project)];
      const settings = { vmUrl: config.vmUrl, projects };
      const caller = await authenticateVm(tokens, settings, authorization, identified);
      // A VM that somebody made in another of our projects and named like an agent is nobody.
      if ((await fleet.of(caller.name)).project !== caller.project) {
        throw new PlaneError('PERMISSION_DENIED', 'The agent is not in this project.');
      }
      await current(caller);
      return caller.name;
    },
  };
}

/** What taking webhooks takes: little, for it has to be answered within seconds of a cold start. */
function webhookTools(config: Config, ambient: Ambient, google: ReturnType<typeof access>) {
  return lazy(async () => {
    const [at, { secretsDriver }, { webhooksDriver }, service] = await Promise.all([
      google(),
      import('./drivers/secrets.ts'),
      import('./drivers/webhooks.ts'),
      import('./service/webhook.ts'),
    ]);
    const secrets = patientSecrets(secretsDriver(at, config.project), ambient);
    const credentials = service.rememberedCredentials(secrets, ambient.clock);
    return { service, tools: { webhooks: webhooksDriver(at, config.project), credentials } };
  });
}

/** Function `pages`. */
export function composePages(config: Config, ambient: Ambient): App {
  const google = access(config);
  const pages = createPages({
    html: template('pages/pairing.html'),
    style: template('pages/pairing.css'),
    script: template('pages/pairing.js'),
  });
  const pairing = lazy(async () => {
    const [at, { secretsDriver }, { machinesDriver }, service] = await Promise.all([
      google(),
      import('./drivers/secrets.ts'),
      import('./drivers/machines.ts'),
      import('./service/pairing.ts'),
    ]);
    const secrets = patientSecrets(secretsDriver(at, config.project), ambient);
    const { clock, newId } = ambient;
    const driver = machinesDriver(at, config);
    // The page itself asks again, at a pace that Google's limit on guest attributes allows.
    const guest = sharedGuest(driver, clock);
    const machines = { ...patientMachines(driver, ambient), guest };
    // Read once in the life of a process, so that forged links cost Google nothing.
    const linkKey = lazy(() => readLinkKey(secrets));
    return { service, tools: { secrets, machines, clock, newId, linkKey } };
  });
  return {
    routes: pageRoutes({ pairing, pages, webhooks: webhookTools(config, ambient, google) }),
    authenticate: () => Promise.reject(new Error('no route of this function has a role')),
    errorPage: (error, answer) => errorPage(pages, error, answer),
  };
}
