/** Who may do what where a fleet lies in two projects: infra/ applied to one, infra/cell to the other. */

import { startGoogle } from '../../local/google/google.ts';
import { cellFiles, infraFiles, planCell, planInfra } from '../../local/plane/infra.ts';
import { BUNDLE_OBJECT, seedAccess, seedCell } from '../../local/plane/seed.ts';
import { LOCAL, PLANE_ACCOUNT } from '../../local/plane/settings.ts';

const TWO = { id: 'nine30-two', number: '223456789012', name: 'Nine30, the second' };
const HOME = `projects/${LOCAL.project.id}`;
const CELL = `projects/${TWO.id}`;
const BUCKET = `projects/_/buckets/${LOCAL.bucket}`;
const READ = 'storage.objects.get';
const ACCESS = 'secretmanager.versions.access';

type Files = Record<string, string>;
const as = (files: Files): Files => files;

/** @param home changes infra/, @param cell infra/cell */
async function allowed(home: (files: Files) => Files, cell: (files: Files) => Files) {
  const google = await startGoogle({
    projects: [LOCAL.project, TWO],
    users: [LOCAL.admin, LOCAL.viewer],
  });
  try {
    seedAccess(google, planInfra(home(infraFiles()), undefined, [TWO]));
    seedCell(google, TWO, planCell(TWO, cell(cellFiles())));
    const agent = google.world.accounts.create(TWO.id, 'agent-bob').email;
    const asks = (member: string, permission: string, resource: string) =>
      google.world.iam.allows(`serviceAccount:${member}`, { permission, resource });
    const service = (name: string) =>
      `${HOME}/locations/${LOCAL.region}/services/agents-plane-${name}`;
    const vms = `${CELL}/zones/${LOCAL.zone}/instances`;
    const secrets = `${CELL}/secrets`;
    return {
      agentReadsBundle: asks(agent, READ, `${BUCKET}/objects/${BUNDLE_OBJECT}`),
      agentReadsBackup: asks(agent, READ, `${BUCKET}/objects/agents/bob/whatsapp`),
      agentReadsCells: asks(agent, READ, `${BUCKET}/objects/cells/bob`),
      agentCallsVm: asks(agent, 'run.routes.invoke', service('vm')),
      agentCallsApi: asks(agent, 'run.routes.invoke', service('api')),
      agentWritesLogs: asks(agent, 'logging.logEntries.create', CELL),
      agentReadsHomeSecret: asks(agent, ACCESS, `${HOME}/secrets/agents-plane-api-key`),
      planeCreatesVm: asks(PLANE_ACCOUNT, 'compute.instances.create', `${vms}/agent-bob`),
      planeDeletesForeignVm: asks(PLANE_ACCOUNT, 'compute.instances.delete', `${vms}/web-1`),
      planeReadsItsSecret: asks(PLANE_ACCOUNT, ACCESS, `${secrets}/agent-bob-config`),
      planeReadsForeignSecret: asks(PLANE_ACCOUNT, ACCESS, `${secrets}/payroll`),
      planeSetsProjectPolicy: asks(PLANE_ACCOUNT, 'resourcemanager.projects.setIamPolicy', CELL),
    };
  } finally {
    await google.close();
  }
}

const ALL = {
  agentReadsBundle: true,
  agentReadsBackup: false,
  agentReadsCells: false,
  agentCallsVm: true,
  agentCallsApi: false,
  agentWritesLogs: true,
  agentReadsHomeSecret: false,
  planeCreatesVm: true,
  planeDeletesForeignVm: false,
  planeReadsItsSecret: true,
  planeReadsForeignSecret: false,
  planeSetsProjectPolicy: false,
};

test('as it is', async () => {
  expect(await allowed(as, as)).toEqual(ALL);
});

/** Takes one resource block out. */
const without = (file: string, name: string) => (files: Files) => {
  const text = files[file] ?? '';
  const cut = text.replace(new RegExp(`resource "\\w+" "${name}" \\{[\\s\\S]*?\\n\\}\\n`), '');
  expect(cut.length).toBeLessThan(text.length);
  return { ...files, [file]: cut };
};

test.each([
  ['storage.tf', 'cells_read_the_bundle', 'agentReadsBundle'],
  ['access.tf', 'cells_call_vm', 'agentCallsVm'],
])("without the plane's side of it in %s: %s", async (file, name, lost) => {
  expect(await allowed(without(file, name), as)).toEqual({ ...ALL, [lost]: false });
});

test.each([
  ['accounts_write_logs', { agentWritesLogs: false }],
  ['plane_and_its_fleet', { planeCreatesVm: false, planeReadsItsSecret: false }],
])("without %s in the cell's project", async (name, lost) => {
  expect(await allowed(as, without('fleet.tf', name))).toEqual({ ...ALL, ...lost });
});
