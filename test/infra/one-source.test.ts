/** The emulated Google knows of access only what infra/ says: take a line out there, and it is gone here. */

import { startGoogle } from '../../local/google/google.ts';
import { infraFiles, planInfra } from '../../local/plane/infra.ts';
import { BUNDLE_OBJECT, seedAccess } from '../../local/plane/seed.ts';
import { LOCAL, PLANE_ACCOUNT } from '../../local/plane/settings.ts';

const PROJECT = `projects/${LOCAL.project.id}`;
const AGENT = `agent-allison@${LOCAL.project.id}.iam.gserviceaccount.com`;
const BUCKET = `projects/_/buckets/${LOCAL.bucket}`;
const VMS = `${PROJECT}/zones/${LOCAL.zone}/instances`;
const SECRETS = `${PROJECT}/secrets`;
const ACCESS = 'secretmanager.versions.access';
const READ_BUNDLE = {
  permission: 'storage.objects.get',
  resource: `${BUCKET}/objects/${BUNDLE_OBJECT}`,
};

/** Who may do what in a project to which the changed infra/ was applied. */
async function allowed(change: (files: Record<string, string>) => Record<string, string>) {
  const google = await startGoogle({
    projects: [LOCAL.project],
    users: [LOCAL.admin, LOCAL.viewer],
  });
  try {
    seedAccess(google, planInfra(change(infraFiles())));
    google.world.accounts.create(LOCAL.project.id, 'agent-allison');
    const asks = (member: string, permission: string, resource: string) =>
      google.world.iam.allows(`serviceAccount:${member}`, { permission, resource });
    const self = `${PROJECT}/serviceAccounts/${PLANE_ACCOUNT}`;
    const other = `${PROJECT}/serviceAccounts/${AGENT}`;
    const vm = `${PROJECT}/locations/${LOCAL.region}/services/agents-plane-vm`;
    const api = `${PROJECT}/locations/${LOCAL.region}/services/agents-plane-api`;
    return {
      agentReadsBundle: asks(AGENT, READ_BUNDLE.permission, READ_BUNDLE.resource),
      agentReadsOthersBackup: asks(
        AGENT,
        READ_BUNDLE.permission,
        `${BUCKET}/objects/agents/bo/whatsapp`,
      ),
      agentListsBucket: asks(AGENT, 'storage.objects.list', BUCKET),
      planeReadsBackup: asks(
        PLANE_ACCOUNT,
        READ_BUNDLE.permission,
        `${BUCKET}/objects/agents/bo/whatsapp`,
      ),
      agentCallsVm: asks(AGENT, 'run.routes.invoke', vm),
      agentCallsApi: asks(AGENT, 'run.routes.invoke', api),
      planeCreatesVm: asks(PLANE_ACCOUNT, 'compute.instances.create', `${VMS}/agent-allison`),
      planeDeletesForeignVm: asks(PLANE_ACCOUNT, 'compute.instances.delete', `${VMS}/web-1`),
      planeReadsItsSecret: asks(PLANE_ACCOUNT, ACCESS, `${SECRETS}/agent-allison-config`),
      planeReadsForeignSecret: asks(PLANE_ACCOUNT, ACCESS, `${SECRETS}/payroll`),
      planeSignsAsItself: asks(PLANE_ACCOUNT, 'iam.serviceAccounts.signJwt', self),
      planeSignsAsAgent: asks(PLANE_ACCOUNT, 'iam.serviceAccounts.signJwt', other),
      planeSetsProjectPolicy: asks(PLANE_ACCOUNT, 'resourcemanager.projects.setIamPolicy', PROJECT),
    };
  } finally {
    await google.close();
  }
}

const ALL = {
  agentReadsBundle: true,
  agentReadsOthersBackup: false,
  agentListsBucket: false,
  planeReadsBackup: true,
  agentCallsVm: true,
  agentCallsApi: false,
  planeCreatesVm: true,
  planeDeletesForeignVm: false,
  planeReadsItsSecret: true,
  planeReadsForeignSecret: false,
  planeSignsAsItself: true,
  planeSignsAsAgent: false,
  planeSetsProjectPolicy: false,
};

test('as it is', async () => {
  expect(await allowed((files) => files)).toEqual(ALL);
});

/** Takes one resource block out. */
const without = (file: string, name: string) => (files: Record<string, string>) => {
  const text = files[file] ?? '';
  const cut = text.replace(new RegExp(`resource "\\w+" "${name}" \\{[\\s\\S]*?\\n\\}\\n`), '');
  expect(cut.length).toBeLessThan(text.length);
  return { ...files, [file]: cut };
};

test.each([
  ['storage.tf', 'accounts_read_the_bundle', 'agentReadsBundle'],
  ['storage.tf', 'plane_keeps_backups', 'planeReadsBackup'],
  ['access.tf', 'agents_call_vm', 'agentCallsVm'],
  ['identity.tf', 'plane_signs_as_itself', 'planeSignsAsItself'],
])('without the binding in %s: %s', async (file, name, lost) => {
  expect(await allowed(without(file, name))).toEqual({ ...ALL, [lost]: false });
});

test('without a permission of the role', async () => {
  const change = (files: Record<string, string>) => ({
    ...files,
    'roles/fleet.json': (files['roles/fleet.json'] ?? '').replace(
      '    "compute.instances.create",\n',
      '',
    ),
  });
  expect(await allowed(change)).toEqual({ ...ALL, planeCreatesVm: false });
});
