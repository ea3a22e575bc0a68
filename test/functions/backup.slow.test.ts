import { createHash, randomBytes } from 'node:crypto';
import { BACKUP_MAX } from '../../contracts/vm-api.ts';
import { LOCAL } from '../../local/plane/settings.ts';
import { type Harness, send, startHarness } from './harness.ts';

let api: Harness;
let vm: Harness;

beforeAll(async () => {
  api = await startHarness({ target: 'api' });
  vm = await startHarness({ target: 'vm', google: api.google });
  for (const [user, userPhone] of [
    ['allison@nine30.com', '+15551234567'],
    ['bo@nine30.com', '+15551234568'],
  ]) {
    const body = { user, userPhone };
    const made = await send(`${api.plane.url}/v1/agents`, 'POST', await api.idToken(), body);
    expect(made.status).toBe(202);
  }
});
afterAll(async () => {
  await vm.close();
  await api.close();
});

const ask = async (agent: string, path: string, body?: object) =>
  send(`${vm.plane.url}/v1/self/${path}`, 'POST', await vm.vmToken(agent), body);

test('what an agent backs up comes back byte for byte, to it alone; the newest counts', async () => {
  expect((await ask('allison', 'restore')).body).toEqual({});
  for (const size of [300_000, BACKUP_MAX]) {
    const data = randomBytes(size);
    const kept = await ask('allison', 'backup', { data: data.toString('base64') });
    expect(kept).toMatchObject({ status: 200, body: {} });
    const { data: text } = (await ask('allison', 'restore')).body as { data: string };
    const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    expect(digest(Buffer.from(text, 'base64'))).toBe(digest(data));
  }
  expect((await ask('bo', 'restore')).body).toEqual({});
});

test.each([
  ['nothing', {}],
  ['no base64', { data: 'not base64!' }],
  ['an empty one', { data: '' }],
  ['another agent named', { data: 'YmFja3Vw', agent: 'bo' }],
])('a bad backup is refused and changes nothing: %s', async (_what, body) => {
  const before = (await ask('allison', 'restore')).body;
  expect((await ask('allison', 'backup', body)).status).toBe(400);
  expect((await ask('allison', 'restore')).body).toEqual(before);
});

test('the limits: 64 KB for other bodies, a whole backup for this one', async () => {
  const text = 'x'.repeat(70_000);
  expect((await ask('allison', 'mail', { subject: 'Hello', text })).status).toBe(413);
  const data = Buffer.alloc(BACKUP_MAX + 200_000).toString('base64');
  expect((await ask('allison', 'backup', { data })).status).toBe(413);
});

test('the secret for the key is made once, for adding and reading, not for taking back', async () => {
  expect((await ask('allison', 'backup-secret')).body).toEqual({
    secret: 'agent-allison-backup-key',
  });
  expect((await ask('allison', 'backup-secret')).status).toBe(200);
  const secret = `projects/${LOCAL.project.id}/secrets/agent-allison-backup-key`;
  const allison = `serviceAccount:agent-allison@${LOCAL.project.id}.iam.gserviceaccount.com`;
  const bo = `serviceAccount:agent-bo@${LOCAL.project.id}.iam.gserviceaccount.com`;
  const may = (who: string) =>
    api.google.world.iam.test(who, secret, [
      'secretmanager.versions.access',
      'secretmanager.versions.add',
      'secretmanager.versions.destroy',
    ]);
  expect(may(allison)).toEqual(['secretmanager.versions.access', 'secretmanager.versions.add']);
  expect(may(bo)).toEqual([]);
});
