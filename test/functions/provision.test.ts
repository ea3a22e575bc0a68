import { agent, plan } from '../../contracts/agent.ts';
import { type Harness, send, startHarness } from './harness.ts';

const REQUEST = {
  user: 'allison@nine30.com',
  userPhone: '+15551234567',
  model: 'claude-opus-4-6',
  budget: 50,
  whatsappNumber: '+15559876543',
};
const PROJECT = 'projects/nine30-local';

let harness: Harness;
let token: string;
beforeEach(async () => {
  harness = await startHarness({ target: 'api' });
  token = await harness.idToken();
});
afterEach(() => harness.close());

const post = (body: unknown, query = '') =>
  send(`${harness.plane.url}/v1/agents${query}`, 'POST', token, body);
const get = (path: string) => send(`${harness.plane.url}${path}`, 'GET', token);
const writes = (mark = 0) =>
  harness
    .calls(mark)
    .filter(
      ({ method }) =>
        /\.(Create|Add|Set|Insert|Update|Delete)|create|set/.test(method) &&
        !/\.(Get|List)/.test(method),
    );

describe('provision', () => {
  test('creates everything, then nothing; a change adds one version', async () => {
    const first = await post(REQUEST);
    expect(first.body).toMatchObject({
      name: 'allison',
      state: 'provisioning',
      configVersion: '1',
      userPhone: '+1555•••4567',
    });
    expect(first.status).toBe(202);
    expect(agent.safeParse(first.body).success).toBe(true);

    const mark = harness.google.recording.length;
    const second = await post(REQUEST);
    expect(second.status).toBe(200);
    expect(writes(mark)).toEqual([]);
    const { state: _a, instance: _b, ...resource } = second.body;
    expect(first.body).toMatchObject(resource);

    const third = await post({ ...REQUEST, budget: 60 });
    expect(third.status).toBe(202);
    expect(third.body).toMatchObject({ configVersion: '2', budget: 60 });
    expect((await post({ ...REQUEST, budget: 60 })).status).toBe(200);

    const read = await get('/v1/agents/allison');
    expect(read.body).toMatchObject({ name: 'allison', configVersion: '2', state: 'booting' });
    const { configVersion: _, ...listed } = read.body;
    expect((await get('/v1/agents')).body.agents).toEqual([listed]);
  });

  test('dryRun shows the plan and touches nothing', async () => {
    const mark = harness.google.recording.length;
    const { status, body } = await post(REQUEST, '?dryRun=true');
    expect(status).toBe(200);
    expect(plan.parse(body).steps.map((step) => step.id)).toContain('instance');
    expect(writes(mark)).toEqual([]);
    expect((await get('/v1/agents/allison')).status).toBe(404);
  });

  test('the agent may read its config and the shared key, manage its own key, and nothing else', async () => {
    await post(REQUEST);
    const principal = 'serviceAccount:agent-allison@nine30-local.iam.gserviceaccount.com';
    const may = (permission: string, secret: string) =>
      harness.google.world.iam.allows(principal, {
        permission,
        resource: `${PROJECT}/secrets/${secret}`,
      });
    const access = 'secretmanager.versions.access';
    const add = 'secretmanager.versions.add';
    expect(may(access, 'agent-allison-config')).toBe(true);
    expect(may(access, 'agent-allison-api-key')).toBe(true);
    expect(may(access, 'agents-plane-api-key')).toBe(true);
    expect(may(add, 'agent-allison-api-key')).toBe(true);
    expect(may(add, 'agent-allison-config')).toBe(false);
    expect(may(add, 'agents-plane-api-key')).toBe(false);
    expect(may('secretmanager.secrets.setIamPolicy', 'agent-allison-api-key')).toBe(false);
    expect(may('compute.instances.delete', 'x')).toBe(false);
  });
});
