// gcloud, unmodified, as a client: what it creates it finds again.
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gcloudEnv } from '../../local/google/env.ts';
import { PROJECT, startTestGoogle, type TestGoogle } from './support/google.ts';

const installed = spawnSync('gcloud', ['--version']).status === 0;
const run = promisify(execFile);
const ZONE = 'europe-west1-b';
const AGENT = `agent-al@${PROJECT.id}.iam.gserviceaccount.com`;
const MEMBER = `--member=serviceAccount:${AGENT}`;

(installed ? describe : describe.skip)(
  installed ? 'gcloud' : 'gcloud (skipped: it is not installed here)',
  () => {
    let world: TestGoogle;
    let folder: string;
    beforeAll(async () => {
      world = await startTestGoogle();
      folder = await mkdtemp(join(tmpdir(), 'agents-plane-gcloud-'));
      await writeFile(join(folder, 'token'), world.ownerToken, { mode: 0o600 });
    });
    afterAll(async () => {
      await world.google.close();
      await rm(folder, { recursive: true, force: true });
    });

    const gcloud = async (line: string): Promise<string> => {
      const env = gcloudEnv({
        restUrl: world.google.restUrl,
        grpcPort: world.google.grpcPort,
        project: PROJECT.id,
        tokenFile: join(folder, 'token'),
        gcloudConfig: join(folder, 'config'),
      });
      const { PATH = '', HOME = '' } = process.env;
      const { stdout } = await run('gcloud', line.split(' '), { env: { PATH, HOME, ...env } });
      return stdout.trim();
    };

    test('secrets and their versions', async () => {
      await gcloud('secrets create one --replication-policy=automatic --labels=a=b');
      await writeFile(join(folder, 'value'), 'a value');
      await gcloud(`secrets versions add one --data-file=${join(folder, 'value')}`);
      expect(await gcloud('secrets versions access latest --secret=one')).toBe('a value');
      expect(await gcloud('secrets list --format=value(labels.a)')).toBe('b');
      await gcloud('secrets versions destroy 1 --secret=one');
      expect(await gcloud('secrets versions list one --format=value(state)')).toMatch(/destroyed/i);
    }, 60_000);

    test('service accounts and bindings', async () => {
      await gcloud('iam service-accounts create agent-al --display-name=Al');
      expect(await gcloud('iam service-accounts list --format=value(email)')).toBe(AGENT);
      const role = 'roles/logging.logWriter';
      await gcloud(`projects add-iam-policy-binding ${PROJECT.id} ${MEMBER} --role=${role}`);
      const flatten = '--flatten=bindings[].members --format=value(bindings.role)';
      const filter = `--filter=bindings.members:${AGENT}`;
      const held = await gcloud(`projects get-iam-policy ${PROJECT.id} ${flatten} ${filter}`);
      expect(held).toBe(role);
      await gcloud('secrets create two --replication-policy=automatic');
      const accessor = '--role=roles/secretmanager.secretAccessor';
      await gcloud(`secrets add-iam-policy-binding two ${MEMBER} ${accessor}`);
      expect(await gcloud('secrets get-iam-policy two')).toContain(AGENT);
    }, 60_000);

    test('instances', async () => {
      const image =
        '--image-family=debian-12 --image-project=debian-cloud --no-service-account --no-scopes';
      await gcloud(
        `compute instances create vm-a --zone=${ZONE} --machine-type=e2-medium ${image}`,
      );
      expect(await gcloud('compute instances list --format=value(name,status)')).toBe(
        'vm-a\tRUNNING',
      );
      const describe = `compute instances describe vm-a --zone=${ZONE} --format=value(machineType.basename())`;
      expect(await gcloud(describe)).toBe('e2-medium');
      await gcloud(`compute instances delete vm-a --zone=${ZONE}`);
      expect(await gcloud('compute instances list')).toBe('');
      const labelled = '--filter=labels.managed-by=agents-plane --format=value(name)';
      const images = await gcloud(`compute images list --no-standard-images ${labelled}`);
      expect(images).toBe('');
    }, 60_000);

    test('APIs and buckets', async () => {
      await gcloud('services enable secretmanager.googleapis.com compute.googleapis.com');
      expect(await gcloud('services list --enabled --format=value(config.name)')).toBe(
        'compute.googleapis.com\nsecretmanager.googleapis.com',
      );
      await gcloud('storage buckets create gs://gcloud-bucket');
      await writeFile(join(folder, 'file'), 'content');
      await gcloud(`storage cp ${join(folder, 'file')} gs://gcloud-bucket/dir/file`);
      expect(await gcloud('storage cat gs://gcloud-bucket/dir/file')).toBe('content');
      expect(await gcloud('storage ls gs://gcloud-bucket/')).toBe('gs://gcloud-bucket/dir/');
    }, 60_000);

    test('what it may not do it is told', async () => {
      await expect(gcloud('secrets describe nothing-here')).rejects.toMatchObject({
        stderr: expect.stringContaining('NOT_FOUND'),
      });
      await expect(gcloud('secrets list --project=somebody-else')).rejects.toMatchObject({
        stderr: expect.stringContaining('secretmanager.secrets.list'),
      });
    }, 60_000);
  },
);
