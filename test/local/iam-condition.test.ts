/** Conditions on resource attributes, as Google documents them, and through Google's own client. */

import { cloudresourcemanager_v3 } from 'googleapis/build/src/apis/cloudresourcemanager/v3.js';
import { attributesOf, compileCondition } from '../../local/google/iam-condition.ts';
import { clientWith, OWNER, PROJECT, startTestGoogle } from './support/google.ts';

const holds = (expression: string, resource: string): boolean =>
  compileCondition({ title: 't', expression })(attributesOf(resource, () => '42'));

const INSTANCE = 'projects/p/zones/z/instances/agent-a';
const SECRET = 'projects/p/secrets/agent-a-config';

describe('a condition', () => {
  test.each([
    [true, 'resource.name.startsWith("projects/42/secrets/agent-")', SECRET],
    [true, 'resource.name.startsWith("projects/42/secrets/agent-")', `${SECRET}/versions/1`],
    [false, 'resource.name.startsWith("projects/p/secrets/agent-")', SECRET],
    [false, 'resource.name.startsWith("projects/42/secrets/agent-")', 'projects/p/secrets/other'],
    [false, 'resource.name.startsWith("projects/42/secrets/agent-")', 'projects/p'],
    [true, 'resource.name.extract("/instances/{name}").startsWith("agent-")', INSTANCE],
    [false, 'resource.name.extract("/instances/{name}").startsWith("agent-")', SECRET],
    [true, 'resource.name.extract("/zones/{zone}/") == "z"', INSTANCE],
    [true, 'resource.type == "compute.googleapis.com/Instance"', INSTANCE],
    [false, 'resource.type != "compute.googleapis.com/Instance"', INSTANCE],
    [true, `resource.service == 'compute.googleapis.com'`, INSTANCE],
    [true, '!resource.name.endsWith("-b") && resource.name.endsWith("-a")', INSTANCE],
    [true, 'resource.name.endsWith("-b") || resource.name.endsWith("-a")', INSTANCE],
    // IAM's own service tells conditions nothing of its resources.
    [false, 'resource.name.startsWith("projects/")', 'projects/p/serviceAccounts/a@b'],
  ])('%s: %s, of %s', (expected, expression, resource) => {
    expect(holds(expression, resource)).toBe(expected);
  });

  test.each([
    'request.time < timestamp("2030-01-01T00:00:00Z")',
    'resource.name.matches("agent-.*")',
    'resource.name',
    'true',
    '',
    'resource.name.startsWith("a") ||',
  ])('that is not emulated is refused: %s', (expression) => {
    expect(() => compileCondition({ title: 't', expression })).toThrow('is not emulated');
  });
});

test('a policy with a condition has version 3, and says so to whoever asks for that', async () => {
  const world = await startTestGoogle();
  try {
    const auth = clientWith(world.ownerToken) as never;
    const { projects } = new cloudresourcemanager_v3.Cloudresourcemanager({
      rootUrl: `${world.google.restUrl}/`,
      auth,
    });
    const resource = `projects/${PROJECT.id}`;
    const get = async (requestedPolicyVersion: number) =>
      (
        await projects.getIamPolicy({
          resource,
          requestBody: { options: { requestedPolicyVersion } },
        })
      ).data;
    const role = 'roles/secretmanager.viewer';
    const condition = { title: 'ours', expression: 'resource.name.endsWith("-ours")' };
    const before = await get(3);
    const policy = {
      ...before,
      bindings: [...(before.bindings ?? []), { role, members: [`user:${OWNER}`], condition }],
    };
    const set = (version: number) =>
      projects.setIamPolicy({ resource, requestBody: { policy: { ...policy, version } } });
    await expect(set(1)).rejects.toMatchObject({ status: 400 });
    await set(3);
    const seen = await get(3);
    expect(seen.version).toBe(3);
    expect(seen.bindings?.find((binding) => binding.role === role)?.condition).toEqual(condition);
    const { bindings = [] } = await get(1);
    expect(bindings.map((binding) => binding.role)).toContainEqual(
      expect.stringMatching(/^roles\/secretmanager\.viewer_withcond_[0-9a-f]{20}$/),
    );
  } finally {
    await world.google.close();
  }
});
