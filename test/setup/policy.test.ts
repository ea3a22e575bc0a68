/** Giving and taking roles in a policy that has other people and conditions in it. */

import { readPolicy, rolesOf, withMember, withoutMember } from '../../scripts/setup/policy.ts';

const DEPLOYER = 'serviceAccount:agents-plane-deploy@nine30-prod.iam.gserviceaccount.com';
const OWNER = { role: 'roles/owner', members: ['user:admin@nine30.com'] };
const CONDITION = { title: 'names of the fleet', expression: 'resource.name.startsWith("x")' };
const policy = readPolicy(
  JSON.stringify({
    version: 3,
    etag: 'BwYc',
    bindings: [
      OWNER,
      { role: 'roles/run.admin', members: [DEPLOYER], condition: CONDITION },
      { role: 'roles/iam.roleAdmin', members: ['user:admin@nine30.com', DEPLOYER] },
    ],
    auditConfigs: [{ service: 'allServices' }],
  }),
);

test('a role that is held under a condition is not held', () => {
  expect(rolesOf(policy, DEPLOYER)).toEqual(['roles/iam.roleAdmin']);
});

test('only what is missing is added; everything else stays, the etag too', () => {
  const { bindings, ...rest } = withMember(policy, DEPLOYER, [
    'roles/iam.roleAdmin',
    'roles/run.admin',
  ]);
  expect(rest).toEqual({ version: 3, etag: 'BwYc', auditConfigs: [{ service: 'allServices' }] });
  expect(bindings).toEqual([...policy.bindings, { role: 'roles/run.admin', members: [DEPLOYER] }]);
});

test('a member goes from every role, and others stay in them', () => {
  expect(withoutMember(policy, DEPLOYER).bindings).toEqual([
    OWNER,
    { role: 'roles/iam.roleAdmin', members: ['user:admin@nine30.com'] },
  ]);
});

test('a policy that was never written has an etag alone', () => {
  const { bindings, etag } = withMember(readPolicy('{"etag":"ACAB"}'), DEPLOYER, ['roles/x']);
  expect({ bindings, etag }).toEqual({
    etag: 'ACAB',
    bindings: [{ role: 'roles/x', members: [DEPLOYER] }],
  });
});
