/**
 * Day one with the real gcloud: setup.sh on an empty project, the functions served from the very
 * zip that it uploaded, an agent provisioned with them, teardown.sh, nothing left.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type AgentName, labelsOf, webhookQueueId } from '../../contracts/names.ts';
import { accountMetadata } from '../../local/google/metadata.ts';
import { forwardTo } from '../../local/plane/front.ts';
import { freePort, startFunction } from '../../local/plane/function-process.ts';
import { type LoopbackServer, serveOnLoopback } from '../../local/plane/loopback.ts';
import { LOCAL, PLANE_ACCOUNT } from '../../local/plane/settings.ts';
import { CELL, type EmptyProject, openEmptyProject, SETTINGS } from './support/empty-project.ts';
import { runScript } from './support/run-script.ts';

const gcloud = spawnSync('gcloud', ['--version']).status === 0;
// Limits are for a busy machine: a gcloud call takes a second on a quiet one, ten on a busy one.
const MINUTE = 60_000;
const KEY = 'sk-ant-the-organisation';
const PROJECT = `projects/${LOCAL.project.id}`;

/** Calls that change something, by method. */
const WRITES = /\.(Create|Update|Delete|Set|Add|Enable|Disable|BatchEnable|Insert|insert|Destroy)/;
const writesSince = ({ google }: EmptyProject, mark: number): string[] =>
  google.recording
    .slice(mark)
    .map(({ method }) => method)
    .filter((method) => WRITES.test(method));

const config = ({ folder }: EmptyProject): string[] => ['--config', join(folder, 'plane.toml')];
const setup = (project: EmptyProject, more: readonly string[] = [], killAt?: RegExp) =>
  runScript('setup.sh', ['--yes', '--key-stdin', ...config(project), ...more], {
    env: project.env,
    stdin: KEY,
    ...(killAt && { killAt }),
  });
const teardown = (project: EmptyProject, more: readonly string[] = []) =>
  runScript('teardown.sh', ['--yes', ...config(project), ...more], { env: project.env });

/** Everything there is in the project that counts, to compare two ways of getting there. */
function stateOf({ google, tools }: EmptyProject) {
  const { world } = google;
  const policy = (resource: string) =>
    world.iam.get(resource).bindings.map(({ role, members }) => ({ role, members }));
  const home = (name: string) => name.startsWith(`${PROJECT}/`);
  const deployments = [...tools.infra.deployments.keys()].filter(home);
  const deployment = tools.infra.deployments.get(deployments[0] ?? '');
  return {
    accounts: world.accounts.list(LOCAL.project.id).map(({ id }) => id),
    policy: policy(PROJECT),
    plane: policy(`${PROJECT}/serviceAccounts/${PLANE_ACCOUNT}`),
    functions: [...tools.functions.all.values()].map(({ name, labels }) => [name, labels]),
    deployments,
    resources: deployment?.plan.resources.map(({ address }) => address),
    // All buckets but gcloud's own staging one, which keeps every upload.
    objects: google.storage
      .buckets(LOCAL.project.id)
      .filter(({ name }) => name === LOCAL.bucket)
      .flatMap(({ name }) => google.storage.objects(name, '').map((object) => object.name)),
  };
}

/** What the plane makes for an agent with a business number, in the cell (functions/drivers/webhooks.ts). */
async function openQueue({ google }: EmptyProject, agent: AgentName): Promise<void> {
  const id = webhookQueueId(agent);
  const { accessToken } = google.tokens.access(`user:${LOCAL.admin}`);
  const topic = `projects/${CELL.id}/topics/${id}`;
  const subscription = `projects/${CELL.id}/subscriptions/${id}`;
  for (const [name, body] of [
    [topic, { name: topic }],
    [subscription, { name: subscription, topic }],
  ] as const) {
    const { status } = await fetch(`${google.restUrl}/v1/${name}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, labels: labelsOf(agent) }),
    });
    expect([name, status]).toEqual([name, 200]);
  }
}

const describeHere = gcloud ? describe : describe.skip;
describeHere(`setup and teardown${gcloud ? '' : ' (skipped: gcloud is not installed)'}`, () => {
  let project: EmptyProject;
  beforeAll(async () => {
    project = await openEmptyProject();
  });
  afterAll(() => project.close());

  test(
    'a dry run says what it would do, and changes nothing',
    async () => {
      const { code, said } = await setup(project, ['--dry-run']);
      expect({ code, said }).toMatchObject({ code: 0, said: expect.stringContaining('[8/11]') });
      expect(writesSince(project, 0)).toEqual([]);
      expect(project.tools.infra.deployments.size).toBe(0);
    },
    6 * MINUTE,
  );

  test(
    'an empty project becomes a plane',
    async () => {
      const { code, said } = await setup(project);
      expect({ code, said }).toMatchObject({ code: 0 });
      expect(said).not.toContain(KEY);
      expect(project.tools.functions.all.size).toBe(3);
      const service = (name: string) => `${PROJECT}/locations/${LOCAL.region}/services/${name}`;
      const open = ['api', 'vm', 'pages'].map((each) =>
        project.tools.run.isOpen(service(`agents-plane-${each}`)),
      );
      expect(open).toEqual([false, false, true]);
    },
    10 * MINUTE,
  );

  test(
    'again: nothing to do',
    async () => {
      const mark = project.google.recording.length;
      const { code, said } = await setup(project);
      expect(code).toBe(0);
      // All but the delegation, which is tried in each run.
      expect(said.match(/: nothing to do/g)).toHaveLength(10);
      expect(said).toContain('domain-wide delegation: done');
      // The delegation is tried with a right that is granted and taken back.
      expect(new Set(writesSince(project, mark))).toEqual(
        new Set(['google.iam.admin.v1.IAM.SetIamPolicy']),
      );
      expect(stateOf(project).plane.map(({ members }) => members)).toEqual([
        [`serviceAccount:${PLANE_ACCOUNT}`],
      ]);
    },
    6 * MINUTE,
  );

  test(
    'another generation is for another plane: this one is left as it is, and so is what is said of a dry teardown',
    async () => {
      const file = join(project.folder, 'plane.toml');
      await writeFile(file, `generation = 2\n${SETTINGS}`);
      const before = stateOf(project);
      const { code, said } = await setup(project);
      await writeFile(file, SETTINGS);
      expect({ code, said }).toMatchObject({
        code: 1,
        said: expect.stringContaining("set up with 'generation = 1'"),
      });
      expect(stateOf(project)).toEqual(before);
      expect((await teardown(project, ['--dry-run'])).said).not.toContain('generation =');
    },
    6 * MINUTE,
  );

  test(
    'killed after each of its steps in turn, and stopped by a missing delegation, it completes with nothing there twice',
    async () => {
      const killed = await openEmptyProject();
      const granted = killed.delegations.splice(0);
      try {
        // Nothing to do in step 4 and 7 here: there are no cells, and there is an image. Nothing after 10: no first agent is named.
        for (const step of [1, 2, 3, 5, 6, 8, 9]) {
          const after = new RegExp(`\\[${step}/11\\] .*: done`);
          expect({ step, ...(await setup(killed, [], after)) }).toMatchObject({ step, code: null });
        }
        const stopped = await setup(killed);
        const { uniqueId } = killed.google.world.accounts.find(PLANE_ACCOUNT) ?? {};
        expect(stopped.code).toBe(1);
        expect(stopped.said).toContain(`clientIdToAdd=${uniqueId}&clientScopeToAdd=https://`);
        expect(stopped.said).toContain('unauthorized_client');

        killed.delegations.push(...granted);
        expect(await setup(killed)).toMatchObject({ code: 0 });
        expect(stateOf(killed)).toEqual(stateOf(project));
        const versions = (p: EmptyProject) =>
          p.google.recording.filter(({ method }) => method.endsWith('AddSecretVersion')).length;
        expect([versions(killed), versions(project)]).toEqual([1, 1]);
      } finally {
        await killed.close();
      }
    },
    20 * MINUTE,
  );

  test(
    'the uploaded zip, installed in an empty folder, provisions the first agent that setup is told of',
    async () => {
      const { google, tools, folder } = project;
      const api = tools.functions.all.get(
        `${PROJECT}/locations/${LOCAL.region}/functions/agents-plane-api`,
      );
      if (!api) throw new Error('agents-plane-api was not deployed');
      const source = join(folder, 'source');
      await mkdir(source);
      await writeFile(join(folder, 'source.zip'), tools.functions.sourceOf(api));
      execFileSync('python3', ['-m', 'zipfile', '-e', join(folder, 'source.zip'), source]);
      expect(await readdir(source)).toEqual(
        expect.arrayContaining(['index.mjs', 'package-lock.json']),
      );
      // As Cloud Functions' build does where there is a lockfile.
      const npm = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
      execFileSync('npm', npm, { cwd: source, stdio: 'pipe' });
      expect(existsSync(join(source, 'node_modules/.bin/functions-framework'))).toBe(true);

      const { tokens, accounts } = google.world;
      const metadata = createServer(
        accountMetadata({ tokens, accounts, project: LOCAL.project }, PLANE_ACCOUNT, LOCAL.region),
      );
      await new Promise<void>((resolve) => metadata.listen(0, '127.0.0.1', resolve));
      const deployed = api.serviceConfig.environmentVariables as Record<string, string>;
      const served = await startFunction({
        target: String(api.buildConfig.entryPoint),
        source,
        root: source,
        port: await freePort(),
        logFile: join(folder, 'function.log'),
        // What Cloud Run adds to the environment, and where Google is here.
        env: {
          ...deployed,
          PATH: process.env.PATH,
          GCE_METADATA_HOST: `127.0.0.1:${(metadata.address() as AddressInfo).port}`,
          AGENTS_PLANE_GOOGLE_ENDPOINT: google.restUrl,
        },
      });
      let door: LoopbackServer | undefined;
      try {
        const audience = deployed.AGENTS_PLANE_AUDIENCE ?? '';
        const token = await tokens.userIdToken(LOCAL.admin, audience);
        const first = '[agent]\nuser = "allison@nine30.com"\nuserPhone = "+15551234567"\n';
        await writeFile(join(folder, 'plane.toml'), `${SETTINGS}\n${first}`);
        // Its path is that of Google's address; only the host is another.
        const { pathname } = new URL(audience);
        door = await serveOnLoopback(forwardTo(served.url, pathname));
        const where = {
          FIRST_AGENT_URL: `http://${door.host}${pathname}`,
          // Another plane's, which the admin's shell has.
          AGENTS_PLANE_URL: 'http://127.0.0.1:9/agents-plane-api',
          AGENTS_PLANE_ID_TOKEN: token,
        };
        const { code, said } = await runScript('setup.sh', ['--yes', ...config(project)], {
          env: { ...project.env, ...where },
        });
        expect({ code, said }).toMatchObject({ code: 0 });
        expect(said).toContain('Provision the first agent: done');
        expect(google.compute.instances.byName('agent-allison')).toBeDefined();
      } finally {
        await door?.close();
        await served.stop();
        metadata.closeAllConnections();
        metadata.close();
      }
    },
    6 * MINUTE,
  );

  test(
    'a cell that is named later: another project gets what agents need there, and the plane knows of it',
    async () => {
      const { google, tools, folder } = project;
      await writeFile(
        join(folder, 'plane.toml'),
        `${SETTINGS}\n[[cells]]\nproject = "${CELL.id}"\n`,
      );
      const mark = google.recording.length;
      const dry = await setup(project, ['--dry-run']);
      expect(dry).toMatchObject({
        code: 0,
        said: expect.stringContaining('[4/11] Make the cells'),
      });
      expect(writesSince(project, mark)).toEqual([]);
      expect(await setup(project)).toMatchObject({ code: 0 });
      const there = `projects/${CELL.id}`;
      const may = (permission: string, resource: string) =>
        google.world.iam.allows(`serviceAccount:${PLANE_ACCOUNT}`, { permission, resource });
      expect([
        may('secretmanager.versions.access', `${there}/secrets/agent-bob-config`),
        may('secretmanager.versions.access', `${there}/secrets/payroll`),
      ]).toEqual([true, false]);
      const api = tools.functions.all.get(
        `${PROJECT}/locations/${LOCAL.region}/functions/agents-plane-api`,
      );
      expect(api?.serviceConfig.environmentVariables).toMatchObject({
        AGENTS_PLANE_CELLS: `${LOCAL.project.id}=1400,${CELL.id}=1400`,
      });
      const agent = google.world.accounts.create(CELL.id, 'agent-bob').email;
      const vm = `${PROJECT}/locations/${LOCAL.region}/services/agents-plane-vm`;
      const calls = { permission: 'run.routes.invoke', resource: vm };
      expect(google.world.iam.allows(`serviceAccount:${agent}`, calls)).toBe(true);
    },
    12 * MINUTE,
  );

  test(
    'teardown keeps data disks, secrets and webhooks; with --purge nothing is left',
    async () => {
      await openQueue(project, 'bob' as AgentName);
      const kept = await teardown(project);
      expect(kept).toMatchObject({ code: 0, said: expect.stringContaining('this will stay') });
      const { google, tools } = project;
      expect(google.compute.instances.byName('agent-allison')).toBeUndefined();
      expect(stateOf(project)).toMatchObject({ functions: [], deployments: [], accounts: [] });
      expect(kept.said).toContain('disk agent-allison-data');
      expect(kept.said).toContain('generation = 2');
      expect(kept.said).toContain(`${CELL.id} subscription agent-bob-`);
      expect(google.pubsub.subscriptions()).toHaveLength(1);

      const purged = await teardown(project, ['--purge']);
      expect(purged).toMatchObject({ code: 0, said: expect.stringContaining('is left') });
      const again = await teardown(project, ['--purge']);
      expect(again.said).toContain('Nothing of Agents Plane is left');
      expect(google.pubsub.subscriptions()).toEqual([]);
      expect(tools.infra.deployments.size).toBe(0);
      expect(google.storage.buckets(LOCAL.project.id).map(({ name }) => name)).not.toContain(
        LOCAL.bucket,
      );
      const owner = [{ role: 'roles/owner', members: [`user:${LOCAL.admin}`] }];
      expect(stateOf(project).policy).toEqual(owner);
      const there = google.world.iam.get(`projects/${CELL.id}`).bindings;
      expect(there.map(({ role, members }) => ({ role, members }))).toEqual(owner);
    },
    8 * MINUTE,
  );
});
