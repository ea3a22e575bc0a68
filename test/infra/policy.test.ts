/** What infra/ must never say, whatever is added to it. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { infraFiles, planCell, planInfra } from '../../local/plane/infra.ts';
import { IMAGE, LOCAL, PLANE_ACCOUNT, PLANE_ROLE, SUBNETWORK } from '../../local/plane/settings.ts';
import type { Resource } from '../../local/terraform/resources.ts';

const INFRA = join(import.meta.dirname, '../../infra');
const { resources, outputs } = planInfra();
const TWO = { id: 'nine30-two', number: '223456789012' };
const cell = planCell(TWO);

/**
 * Bindings that let anybody in, and what stands between anybody and harm there. A new one needs
 * a line here, in words that a reviewer can check. There is none: an organisation that shares with its own domain
 * alone refuses them, and function `pages` is opened by setup (infra/access.tf says what protects it).
 */
const OPEN_TO_ALL: Readonly<Record<string, string>> = {};

/** Permissions of the plane that hold for the whole project, and why no condition narrows them. */
const PROJECT_WIDE: Readonly<Record<string, string>> = {
  'secretmanager.secrets.create': 'asked of the project, before there is a name',
  'secretmanager.secrets.list': 'asked of the project',
  'compute.instances.list': 'asked of the project',
  'compute.disks.list': 'asked of the project',
  'compute.zoneOperations.get': 'operations have no name of ours',
  'compute.zoneOperations.list': 'asked of the project',
  'compute.images.useReadOnly': 'the image is a setting',
  'compute.subnetworks.use': 'the subnet is a setting',
  'iam.serviceAccounts.actAs': 'IAM tells conditions nothing of accounts',
  'iam.serviceAccounts.create': 'IAM tells conditions nothing of accounts',
  'iam.serviceAccounts.delete': 'IAM tells conditions nothing of accounts',
  'iam.serviceAccounts.get': 'IAM tells conditions nothing of accounts',
  'iam.serviceAccounts.disable': 'IAM tells conditions nothing of accounts',
  'iam.serviceAccounts.enable': 'IAM tells conditions nothing of accounts',
  'iam.serviceAccounts.getIamPolicy': 'IAM tells conditions nothing of accounts',
  ...Object.fromEntries(
    [
      ...['create', 'delete', 'get', 'getIamPolicy', 'setIamPolicy'].map(
        (v) => `subscriptions.${v}`,
      ),
      ...['attachSubscription', 'create', 'delete', 'get', 'publish'].map((v) => `topics.${v}`),
    ].map((permission) => [`pubsub.${permission}`, 'Pub/Sub tells conditions nothing']),
  ),
};

const bindings = (all: readonly Resource[]) =>
  all.filter(({ type }) => type.endsWith('_iam_member'));
const ofType = (type: string) => resources.filter((resource) => resource.type === type);
const strings = (value: unknown): string[] =>
  typeof value === 'string'
    ? [value]
    : typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(strings)
      : [];

/** What is wrong with a plan; empty when nothing is. */
function problems(all: readonly Resource[]): string[] {
  return all.flatMap((resource) => {
    const { address, type, values } = resource;
    const wrong: string[] = [];
    if (/_iam_(policy|binding)$/.test(type)) wrong.push('takes away what others granted');
    if (type.endsWith('_iam_member')) {
      if (/^roles\/(owner|editor|viewer)$/.test(String(values.role))) wrong.push('primitive role');
      if (/^roles\/pubsub\.(publisher|editor|admin)$/.test(String(values.role))) {
        wrong.push('publishes webhooks');
      }
      if (/^all(Authenticated)?Users$/.test(String(values.member)) && !OPEN_TO_ALL[address]) {
        wrong.push('open to all');
      }
    }
    if (type === 'google_project_iam_custom_role') {
      if (strings(values.permissions).some((each) => each.includes('*'))) wrong.push('wildcard');
      // A VM takes at its word what is in its queue: the plane checked the signature (decisions/063).
      const publishes = strings(values.permissions).includes('pubsub.topics.publish');
      if (publishes && !address.endsWith('custom_role.plane')) wrong.push('publishes webhooks');
    }
    if (/compute_(address|global_address|forwarding_rule|global_forwarding_rule)$/.test(type)) {
      wrong.push('public address');
    }
    if (JSON.stringify(values).includes('access_config')) wrong.push('public address');
    if (type === 'google_service_account_key') wrong.push('key file');
    if (type === 'google_storage_bucket') {
      if (values.public_access_prevention !== 'enforced') wrong.push('bucket can become public');
      if (values.uniform_bucket_level_access !== true) wrong.push('bucket with ACLs');
      if (!values.soft_delete_policy || !values.versioning) wrong.push('bucket without retention');
    }
    return wrong.map((what) => `${address}: ${what}`);
  });
}

test('nothing in infra/ is against the rules, with cells or without', () => {
  expect(problems(resources)).toEqual([]);
  expect(problems(planInfra(infraFiles(), undefined, [TWO]).resources)).toEqual([]);
  expect(problems(cell.resources)).toEqual([]);
});

test("what a cell's project has is what the plane's own has, word for word", () => {
  const home = new Map(resources.map(({ address, values }) => [address, JSON.stringify(values)]));
  const here = (values: object) =>
    JSON.stringify(values)
      .replaceAll(TWO.id, LOCAL.project.id)
      .replaceAll(TWO.number, LOCAL.project.number);
  const same = (address: string, values: object) => [address, here(values)];
  const found = cell.resources.map(({ address, values }) => same(address, values));
  expect(found).toEqual(cell.resources.map(({ address }) => [address, home.get(address)]));
  expect(cell.resources.map(({ type }) => type)).toEqual(
    expect.arrayContaining([
      'google_compute_firewall',
      'google_compute_network',
      'google_compute_router_nat',
      'google_compute_subnetwork',
      'google_project_iam_audit_config',
      'google_project_iam_custom_role',
      'google_project_iam_member',
    ]),
  );
});

test.each([
  ['primitive role', 'fleet.tf', '"roles/logging.logWriter"', '"roles/editor"'],
  ['open to all', 'access.tf', 'google_service_account.watch.member', '"allUsers"'],
  ['publishes webhooks', 'fleet.tf', '"roles/logging.logWriter"', '"roles/pubsub.publisher"'],
  ['publishes webhooks', 'roles/fleet.json', '"compute.disks.get"', '"pubsub.topics.publish"'],
  ['wildcard', 'roles/fleet.json', '"compute.disks.get"', '"compute.disks.*"'],
  ['bucket can become public', 'storage.tf', '"enforced"', '"inherited"'],
])('the rules see it: %s', (what, file, from, to) => {
  const files = infraFiles();
  const changed = files[file]?.replace(from, to) ?? '';
  expect(changed).not.toBe(files[file]);
  const found = problems(planInfra({ ...files, [file]: changed }).resources);
  expect(found).toEqual([expect.stringContaining(what)]);
});

test('what the plane may do in the whole project has a reason each', () => {
  const [role] = resources.filter(({ address }) => address.endsWith('custom_role.plane'));
  expect(strings(role?.values.permissions).sort()).toEqual(Object.keys(PROJECT_WIDE).sort());
});

test('every exception still exists', () => {
  const open = bindings(resources).map(({ address }) => address);
  expect(open).toEqual(expect.arrayContaining(Object.keys(OPEN_TO_ALL)));
});

test('agents share what they may by one binding each, not one per agent', () => {
  const shared = bindings(resources)
    .filter(({ values }) => String(values.member).endsWith('/type/ServiceAccount'))
    .map(({ type, values }) => [type, values.role]);
  expect(shared).toEqual([
    ['google_cloud_run_v2_service_iam_member', 'roles/run.invoker'],
    ['google_project_iam_member', 'roles/logging.logWriter'],
    ['google_storage_bucket_iam_member', 'roles/storage.objectViewer'],
  ]);
});

test('the subnet has room for thousands, and reaches Google without leaving it', () => {
  const [subnet] = ofType('google_compute_subnetwork');
  const bits = Number(String(subnet?.values.ip_cidr_range).split('/')[1]);
  expect(2 ** (32 - bits)).toBeGreaterThan(8000);
  expect(subnet?.values.private_ip_google_access).toBe(true);
});

test('the local organisation is the one that Terraform makes', () => {
  expect(outputs).toMatchObject({
    plane_account: PLANE_ACCOUNT,
    bucket: LOCAL.bucket,
    subnetwork: SUBNETWORK,
  });
  expect(ofType('google_project_iam_member').map(({ values }) => values.role)).toContain(
    PLANE_ROLE,
  );
  expect(IMAGE).toContain(LOCAL.project.id);
});

const terraform = spawnSync('terraform', ['version']).status === 0;
(terraform ? test : test.skip)(
  `terraform fmt${terraform ? '' : ' (skipped: terraform is not installed here)'}`,
  () => {
    const { status, stdout } = spawnSync('terraform', ['fmt', '-check', '-recursive', INFRA], {
      encoding: 'utf8',
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  },
);
