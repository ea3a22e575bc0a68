/** Wires the functions with plain assignments. */

import type { AgentName } from '../contracts/names.ts';
import type { Config } from './config.ts';
import { createPages } from './core/pages.ts';
import { regionOf } from './core/zone.ts';
import { apiRoutes } from './http/api.ts';
import { apiCallers } from './http/auth/api.ts';
import { vmCallers } from './http/auth/vm.ts';
import type { App } from './http/handler.ts';
import { errorPage, pageRoutes } from './http/pages.ts';
import { vmRoutes } from './http/vm.ts';
import {
  type Ambient,
  access,
  lazy,
  linkTools,
  perCell,
  places,
  template,
  templatesIn,
  tools,
  verifier,
} from './parts.ts';
import type { Places } from './service/cells.ts';
import { sharedGuest } from './service/guest-memory.ts';
import { readLinkKey } from './service/link-key.ts';
import { patientJournal, patientMachines, patientSecrets } from './service/patient.ts';
import type { SelfTools } from './service/self.ts';
import { currentVm } from './service/vm-caller.ts';

/** What following the Workspace Directory takes, on top of the rest. */
function syncTools(
  config: Config,
  { clock }: Ambient,
  fleet: Places,
  google: ReturnType<typeof access>,
) {
  const mailer = lazy(async () => {
    const { mailDriver } = await import('./drivers/mail.ts');
    const { serviceAccount, mailFrom } = config;
    return mailDriver(await google(), { serviceAccount, from: mailFrom, now: clock.now });
  });
  return lazy(async () => ({
    ...(await fleet.of()),
    fleet,
    mailer,
    rules: { policy: config, phoneRegion: config.phoneRegion, share: config.syncShare },
    admins: config.admins,
    syncTemplate: template('mail/sync.txt'),
  }));
}

/** Function `api`. */
export function composeApi(config: Config, ambient: Ambient): App {
  const google = access(config);
  const cells = tools(config, ambient, google);
  const common = () => cells.of();
  const links = linkTools(config, ambient, common);
  const fleet = places(config, cells);
  const bulk = lazy(async () => {
    const [base, at, { tasksDriver }] = await Promise.all([
      links(),
      google(),
      import('./drivers/tasks.ts'),
    ]);
    const roundPauseMs = config.roundPause * 1000;
    return { ...base, fleet, queue: tasksDriver(at, config), roundPauseMs };
  });
  return {
    routes: apiRoutes({
      tools: fleet.of,
      fleet,
      links,
      bulk,
      journal: perCell(config, ambient, google, async (cell) => {
        const [at, { journalDriver }] = await Promise.all([
          google(),
          import('./drivers/journal.ts'),
        ]);
        return patientJournal(journalDriver(at, cell.project, regionOf(cell.zone)), ambient);
      }).of,
      syncing: syncTools(config, ambient, fleet, google),
      policy: config,
      url: config.audience,
    }),
    authenticate: apiCallers(verifier(config), config),
  };
}

/** Function `vm`. */
export function composeVm(config: Config, ambient: Ambient): App {
  const google = access(config);
  const cells = tools(config, ambient, google);
  const common = () => cells.of();
  const links = linkTools(config, ambient, common);
  const fleet = places(config, cells);
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
        import('./service/witness.ts'),
      ]).then(([backup, own, usage, witness]) => ({ ...backup, ...own, ...usage, ...witness })),
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
    authenticate: vmCallers(
      verifier(config),
      { vmUrl: config.vmUrl, projects: [config.project, ...config.cells.map((c) => c.project)] },
      async (name) => (await fleet.of(name)).project,
      // Each agent's VM is looked for in its own cell.
      currentVm(async (name) => (await fleet.of(name)).machines, ambient.clock),
    ),
  };
}

/** What taking webhooks takes: little, for it has to be answered within seconds of a cold start. */
function webhookTools(config: Config, ambient: Ambient, google: ReturnType<typeof access>) {
  const cells = perCell(config, ambient, google, async ({ project }) => {
    const [at, { secretsDriver }, { webhooksDriver }] = await Promise.all([
      google(),
      import('./drivers/secrets.ts'),
      import('./drivers/webhooks.ts'),
    ]);
    const secrets = patientSecrets(secretsDriver(at, project), ambient);
    return { secrets, webhooks: webhooksDriver(at, project) };
  });
  return lazy(async () => {
    const service = await import('./service/webhook.ts');
    const secretsOf = async (name: AgentName) => (await cells.of(name)).secrets;
    const credentials = service.rememberedCredentials(secretsOf, ambient.clock);
    const webhooksOf = async (name: AgentName) => (await cells.of(name)).webhooks;
    return { service, tools: { webhooksOf, credentials } };
  });
}

/** What the pairing page takes of the agent's project, and of the plane's. */
function pairingTools(config: Config, ambient: Ambient, google: ReturnType<typeof access>) {
  const cells = perCell(config, ambient, google, async (cell) => {
    const [at, { secretsDriver }, { machinesDriver }] = await Promise.all([
      google(),
      import('./drivers/secrets.ts'),
      import('./drivers/machines.ts'),
    ]);
    const secrets = patientSecrets(secretsDriver(at, cell.project), ambient);
    const driver = machinesDriver(at, cell);
    // The page itself asks again, at a pace that Google's limit on guest attributes allows.
    return {
      secrets,
      machines: sharedGuest(patientMachines(driver, ambient), driver, ambient.clock),
    };
  });
  return lazy(async () => {
    const service = await import('./service/pairing.ts');
    const { clock, newId } = ambient;
    // Read once in the life of a process, so that forged links cost Google nothing.
    const linkKey = lazy(async () => readLinkKey((await cells.of()).secrets));
    return { service, tools: { of: cells.of, clock, newId, linkKey } };
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
  return {
    routes: pageRoutes({
      pairing: pairingTools(config, ambient, google),
      pages,
      webhooks: webhookTools(config, ambient, google),
    }),
    authenticate: () => Promise.reject(new Error('no route of this function has a role')),
    errorPage: (error, answer) => errorPage(pages, error, answer),
  };
}
