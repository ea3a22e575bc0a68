/** The same chain where no machine can be had: the agent's VM as a process tree in a directory. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fingerprintOf } from '../../local/model/server.ts';
import { LOCAL } from '../../local/plane/settings.ts';
import { mailsTo } from './support/mail.ts';
import { MINUTE, openStage, type Stage, until } from './support/stage.ts';

const SHARED_KEY = 'sk-ant-local-processes-0123456789';
const OWN_KEY = 'sk-ant-local-processes-own-98765';
const ALLISON = { user: 'allison@nine30.com', userPhone: '+15551234567' };
const DATA = '$AGENTS_PLANE_ROOT/var/lib/agents-plane';
const INSTANCE = `/compute/v1/projects/${LOCAL.project.id}/zones/${LOCAL.zone}/instances/agent-allison`;
const QUESTION = 'What can you do?';

/** Ids of the processes that run in that directory, or from it. */
async function processesOf(root: string): Promise<string> {
  const listed = await promisify(execFile)('ps', ['-eo', 'pid,args']);
  return listed.stdout
    .split('\n')
    .filter((line) => line.includes(root))
    .join('\n');
}

let stage: Stage;
const out = (script: string): Promise<string> => stage.out('allison', script);

beforeAll(async () => {
  stage = await openStage({ kind: 'process', sharedKey: SHARED_KEY });
  await stage.api('POST', '/v1/agents', ALLISON);
  await stage.follow('allison', 'ready');
}, 10 * MINUTE);

afterAll(() => stage?.close(), MINUTE);

test(
  'the agent answers on the key from Secret Manager',
  async () => {
    expect(await out(`agent ask "${QUESTION}"`)).toContain(ALLISON.user);
    const turn = stage.plane.model.requests.find(({ messages }) => messages > 0);
    expect(turn?.keyFingerprint).toBe(fingerprintOf(SHARED_KEY));
    expect(await out('ls -A $AGENTS_PLANE_ROOT/run/openclaw-gateway')).toBe('');
  },
  MINUTE,
);

test('the same files and units as on a VM, and one welcome mail', async () => {
  const files = await out(
    `cd ${DATA}/openclaw; ls openclaw.json workspace/AGENTS.md workspace/BOOTSTRAP.md workspace/HEARTBEAT.md skills/agents-plane/SKILL.md`,
  );
  expect(files.split('\n')).toHaveLength(5);
  expect(await out('systemctl is-active openclaw-gateway.service')).toBe('active');
  await until('the mail', async () => {
    const mails = await mailsTo(stage.plane.mailDir, ALLISON.user);
    return mails.length === 1;
  });
});

test(
  'a bootstrap again changes nothing',
  async () => {
    await until(
      'the first bootstrap',
      async () => (await stage.sh('allison', `test -e ${DATA}/state/welcome-sent`)).code === 0,
    );
    const { code, stderr } = await stage.sh('allison', 'agent bootstrap');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^agent: ready after \d+ ms\n$/);
  },
  MINUTE,
);

test(
  'a key of its own is stored through the broker, and the gateway runs on it',
  async () => {
    stage.plane.acceptedKeys.add(OWN_KEY);
    const asked = await stage.sh('allison', 'agent store-key', { stdin: OWN_KEY });
    expect(asked).toMatchObject({ code: 0, stderr: '' });
    await until('the restart', async () => {
      const agent = await stage.agent('allison');
      return agent.state === 'ready' && agent.key === 'own';
    });
    await out(`agent ask "${QUESTION}"`);
    expect(stage.plane.model.requests.at(-1)?.keyFingerprint).toBe(fingerprintOf(OWN_KEY));
  },
  3 * MINUTE,
);

test(
  'switched off, nothing of it runs on; switched on, it is ready again',
  async () => {
    const root = await out('echo $AGENTS_PLANE_ROOT');
    expect(await processesOf(root)).not.toBe('');
    await stage.google('POST', `${INSTANCE}/stop`);
    await until('the machine to be off', async () => {
      const { body } = await stage.google('GET', INSTANCE);
      return (body as { status: string }).status === 'TERMINATED';
    });
    expect(await processesOf(root)).toBe('');
    await stage.google('POST', `${INSTANCE}/start`);
    await stage.follow('allison', 'ready');
    expect(await mailsTo(stage.plane.mailDir, ALLISON.user)).toHaveLength(1);
  },
  4 * MINUTE,
);
