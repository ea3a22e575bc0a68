/** `agent fetch-key` beside a shell script of curl and jq, against the same local Google. */

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  agentName,
  channelsSecretId,
  instanceName,
  keySecretId,
  SHARED_KEY_SECRET,
} from '../../contracts/names.ts';
import { instanceMetadata } from '../../local/google/metadata.ts';
import { type LoopbackServer, serveOnLoopback } from '../../local/plane/loopback.ts';
import type { Plane } from '../../local/plane/plane.ts';
import { LOCAL } from '../../local/plane/settings.ts';
import { interleave, median, ms, ratio, renderTable, verdict } from './measure.ts';

const ROOT = join(import.meta.dirname, '../..');
const SCRIPT = join(import.meta.dirname, 'fetch-key.sh');
const RUNS = 15;
const AGENT = agentName.parse('allison');

/** The metadata server of one instance, on loopback. */
function serveMetadata(plane: Plane): Promise<LoopbackServer> {
  const { tokens, accounts } = plane.google.world;
  const deps = { tokens, accounts, project: LOCAL.project };
  const record = () => plane.google.compute.instances.byName(instanceName(AGENT));
  return serveOnLoopback(instanceMetadata(deps, record));
}

/** What bootstrap leaves for fetch-key. */
async function furnish(root: string, plane: Plane): Promise<void> {
  const own = join(root, 'var/lib/agents-plane/state');
  await mkdir(own, { recursive: true });
  await mkdir(join(root, 'run/openclaw-gateway'), { recursive: true });
  const facts = {
    agent: AGENT,
    project: LOCAL.project.id,
    planeUrl: plane.vmUrl,
    provider: 'anthropic',
    endpoints: { secretmanager: plane.google.restUrl },
    keySecret: keySecretId(AGENT),
    sharedKeySecret: SHARED_KEY_SECRET,
    channelsSecret: channelsSecretId(AGENT),
    configVersion: '1',
  };
  await writeFile(join(own, 'facts.json'), JSON.stringify(facts));
}

/** @param plane with agent allison provisioned, no key of her own, and the shared key */
export async function benchFetchKey(plane: Plane): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'fetch-key-'));
  const metadata = await serveMetadata(plane);
  await furnish(root, plane);
  const env = {
    PATH: process.env.PATH ?? '',
    GCE_METADATA_HOST: metadata.host,
    AGENTS_PLANE_ROOT: root,
    SECRETMANAGER: plane.google.restUrl,
    // As templates/vm/agent.sh sets it; the shell script takes no notice.
    NODE_COMPILE_CACHE: join(root, 'var/cache/agents-plane'),
  };
  const target = join(root, 'run/openclaw-gateway/llm-key');
  const timed = (argv: readonly [string, ...string[]]) => async (): Promise<number> => {
    await rm(target, { force: true });
    const startedAt = performance.now();
    await promisify(execFile)(argv[0], argv.slice(1), { env });
    const elapsed = performance.now() - startedAt;
    if (!plane.acceptedKeys.has(await readFile(target, 'utf8'))) throw new Error('not the key');
    return elapsed;
  };
  try {
    const samples = await interleave(
      {
        'agent fetch-key': timed([process.execPath, join(ROOT, 'dist/vm/agent.mjs'), 'fetch-key']),
        'curl and jq': timed(['bash', SCRIPT, AGENT, target]),
      },
      RUNS,
    );
    const ours = median(samples['agent fetch-key'] ?? []);
    const shell = median(samples['curl and jq'] ?? []);
    const rows = [
      { what: 'agent fetch-key', figures: [ms(ours), ratio(ours, shell)] },
      { what: 'curl and jq', figures: [ms(shell), ratio(shell, shell)] },
    ];
    const table = renderTable(
      'fetch-key (ExecStartPre), own key absent, shared key found',
      ['median', 'of shell'],
      rows,
    );
    return `${table}  target: not slower than the shell script: ${verdict(ours <= shell)}\n`;
  } finally {
    await metadata.close();
    await rm(root, { recursive: true, force: true });
  }
}
