/** What Infrastructure Manager says when it applies infra/ to a project that has nothing of ours yet. */

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
beforeEach(async () => {
  google = await startGoogle({ projects: [LOCAL.project], users: [LOCAL.admin, LOCAL.viewer] });
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
  const later = { api_url: 'https://api.invalid' };

  test('a fresh project: the first apply goes through, and the next one makes them', () => {
    const deployments = manager();
    const alerts = () => {
      const { resources } = deployments.all.get(NAME)?.plan ?? { resources: [] };
      return resources.filter(({ type }) => type === 'google_monitoring_alert_policy').length;
    };
    expect(apply({}, deployments)).toEqual({ state: 'ACTIVE' });
    const before = alerts();
    expect(apply(later, deployments)).toEqual({ state: 'ACTIVE' });
    expect(alerts()).toBe(before + 3);
  });

  test('made together with the metrics they fail, as on Google, until these are known', () => {
    const deployments = manager();
    expect(apply(later, deployments).error).toContain('Cannot find metric(s) that match type');
    expect(apply(later, deployments)).toEqual({ state: 'ACTIVE' });
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
