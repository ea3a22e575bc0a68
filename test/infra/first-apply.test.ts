/** What Infrastructure Manager says when it applies infra/ to a project that has nothing of ours: not yet, or no more. */

import { createDeployments, type Deployment } from '../../local/google/deploy/deployments.ts';
import { type Google, startGoogle } from '../../local/google/google.ts';
import { infraFiles } from '../../local/plane/infra.ts';
import { LOCAL } from '../../local/plane/settings.ts';
import type { Value } from '../../local/terraform/value.ts';

const NAME = `projects/${LOCAL.project.id}/locations/${LOCAL.region}/deployments/agents-plane`;
const INPUTS = {
  project: LOCAL.project.id,
  region: LOCAL.region,
  admins: LOCAL.admin,
  viewers: LOCAL.viewer,
};

let google: Google;
/** Of Google's clock, beyond this machine's. */
let later = 0;
beforeEach(async () => {
  later = 0;
  const clock = { now: () => Date.now() + later * 86_400_000, ticks: () => performance.now() };
  const users = [LOCAL.admin, LOCAL.viewer];
  google = await startGoogle({ projects: [LOCAL.project], users, clock });
  const bucket = { name: 'source', project: LOCAL.project.id, location: 'EU', labels: {} };
  google.storage.createBucket(bucket);
  for (const [name, text] of Object.entries(infraFiles())) {
    google.storage.put('source', `infra/${name}`, Buffer.from(text), {});
  }
});
afterEach(() => google.close());

const manager = () => createDeployments(google.world, google.storage, google.tasks);
/** As setup applies it; `inputs` come on top of what each plane has. */
function apply(
  inputs: Readonly<Record<string, Value>>,
  deployments = manager(),
  constraint = '=1.5.7',
): Pick<Deployment, 'state' | 'error'> {
  const inputValues = Object.fromEntries(
    Object.entries({ ...INPUTS, ...inputs }).map(([name, inputValue]) => [name, { inputValue }]),
  );
  const { state, error } = deployments.apply(NAME, {
    serviceAccount: '',
    labels: {},
    blueprint: { gcsSource: 'gs://source/infra', inputValues },
    ...(constraint !== '' && { tfVersionConstraint: constraint }),
  });
  return { state, ...(error !== undefined && { error }) };
}

test('a budget, where the billing account is not in US dollars', () => {
  expect(apply({ billing_account: '0X0X0X-0X0X0X-0X0X0X' })).toEqual({ state: 'ACTIVE' });
});

test('a key of its own for the bucket', () => {
  expect(apply({ kms: true })).toEqual({ state: 'ACTIVE' });
});

describe('alerts on metrics that are made of logs', () => {
  const deployed = { api_url: 'https://api.invalid' };

  test('a fresh project: the first apply goes through, and the next one makes them', () => {
    const deployments = manager();
    const alerts = () => {
      const { resources } = deployments.all.get(NAME)?.plan ?? { resources: [] };
      return resources.filter(({ type }) => type === 'google_monitoring_alert_policy').length;
    };
    expect(apply({}, deployments)).toEqual({ state: 'ACTIVE' });
    const before = alerts();
    expect(apply(deployed, deployments)).toEqual({ state: 'ACTIVE' });
    expect(alerts()).toBe(before + 3);
  });

  test('made together with the metrics they fail, as on Google, until these are known', () => {
    const deployments = manager();
    expect(apply(deployed, deployments).error).toContain('Cannot find metric(s) that match type');
    expect(apply(deployed, deployments)).toEqual({ state: 'ACTIVE' });
  });
});

describe('the version of Terraform', () => {
  // Without one Google takes the newest, which is not free.
  test.each([
    ['none', ''],
    ['a newer one', '=1.16.5'],
    ['an older one', '=1.4.7'],
  ])('%s is asked for: nothing is applied', (_what, constraint) => {
    expect(apply({}, manager(), constraint).error).toMatch(/Unsupported Terraform Core version/);
  });
});

describe('after a teardown', () => {
  const BUCKET = `${NAME.replace(/deployments.*/, '')}buckets/agents-plane-audit`;
  /** So many days ago, of what was applied with these inputs. @returns what remembers it */
  function tornDown(days: number, inputs = {}) {
    const deployments = manager();
    expect(apply(inputs, deployments)).toEqual({ state: 'ACTIVE' });
    deployments.remove(NAME, true);
    later = days;
    return deployments;
  }

  test.each([
    ['the same day', 0, {}, /queue with this name existed too recently/],
    ['after ten days', 10, {}, /role_id \(agentsPlane\w*\) which has been marked for deletion/],
    ['ever', 400, { kms: true }, /KeyRing agents-plane already exists/],
  ])(
    '%s: Google keeps names, and another generation has other ones',
    (_when, days, inputs, why) => {
      const deployments = tornDown(days, inputs);
      google.world.logBuckets.undelete(BUCKET);
      expect(apply(inputs, deployments).error).toMatch(why);
      expect(apply({ ...inputs, generation: 2 }, deployments)).toEqual({ state: 'ACTIVE' });
    },
  );

  test('after five weeks and a half everything can be had as it was', () => {
    expect(apply({}, tornDown(38))).toEqual({ state: 'ACTIVE' });
  });

  test('the audit log of a plane that was torn down this week has to be had back first', () => {
    const deployments = tornDown(4);
    expect(apply({}, deployments).error).toContain('Buckets must be in an ACTIVE state');
    google.world.logBuckets.undelete(BUCKET);
    expect(apply({}, deployments)).toEqual({ state: 'ACTIVE' });
  });
});
