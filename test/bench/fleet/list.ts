/** `list` of a fleet of thousands. */

import { agentList } from '../../../contracts/agent.ts';
import { configDocument } from '../../../contracts/config-document.ts';
import { agentName, configSecretId, instanceName, labelsOf } from '../../../contracts/names.ts';
import { ANNOTATION_INTENT, firstIntent, formatIntent } from '../../../functions/core/intent.ts';
import { ANNOTATION_USER } from '../../../functions/core/observed.ts';
import { ANNOTATION_SUMMARY, formatSummary } from '../../../functions/core/summary.ts';
import { LOCAL } from '../../../local/plane/settings.ts';
import { openStage, type Stage } from './stage.ts';

const AT_ONCE = 20;
const { project } = LOCAL;

/** As the plane leaves them behind, put there by the administrator's own calls. */
async function seed({ harness: { google } }: Stage, count: number): Promise<void> {
  const post = async (path: string, body: object): Promise<void> => {
    const { accessToken } = google.tokens.access(`user:${LOCAL.admin}`);
    const headers = { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    const answer = await fetch(`${google.restUrl}${path}`, init);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    await answer.body?.cancel();
  };
  const one = async (index: number): Promise<void> => {
    const name = agentName.parse(`person-${String(index).padStart(5, '0')}`);
    const user = `${name}@nine30.com`;
    const document = configDocument.parse({ user, userPhone: '+15551234567' });
    const annotations = {
      [ANNOTATION_USER]: user,
      [ANNOTATION_INTENT]: formatIntent(firstIntent(document, 'seed', 0)),
      [ANNOTATION_SUMMARY]: formatSummary(document),
    };
    const secret = { replication: { automatic: {} }, labels: labelsOf(name), annotations };
    await post(`/v1/projects/${project.id}/secrets?secretId=${configSecretId(name)}`, secret);
    const zone = `zones/${LOCAL.zone}`;
    const image = `projects/${project.id}/global/images/family/${LOCAL.imageFamily}`;
    await post(`/compute/v1/projects/${project.id}/${zone}/instances`, {
      name: instanceName(name),
      labels: labelsOf(name),
      machineType: `${zone}/machineTypes/e2-medium`,
      disks: [{ boot: true, autoDelete: true, initializeParams: { sourceImage: image } }],
      networkInterfaces: [{ network: 'global/networks/default' }],
    });
  };
  for (let start = 0; start < count; start += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, count - start) }, (_, i) =>
      one(start + i),
    );
    await Promise.all(batch);
  }
  await google.compute.operations.idle();
}

export interface Listed {
  readonly agents: number;
  /** Of the first, cold, and of the middle one of the others. */
  readonly ms: readonly [number, number];
  readonly calls: number;
}

export async function benchList(count: number): Promise<Listed> {
  const stage = await openStage(1, count);
  try {
    await seed(stage, count);
    stage.switchOn();
    const times: number[] = [];
    let [agents, calls] = [0, 0];
    for (let round = 0; round < 4; round += 1) {
      const mark = stage.harness.google.recording.length;
      const startedAt = performance.now();
      const { body } = await stage.client.call('GET', '/v1/agents?pageSize=5000');
      times.push(performance.now() - startedAt);
      agents = agentList.parse(body).agents.length;
      const made = stage.harness.google.recording.slice(mark);
      calls = made.filter(({ method }) => !method.startsWith('oauth2.')).length;
    }
    const [cold = 0, ...warm] = times;
    const middle = warm.toSorted((a, b) => a - b)[1] ?? 0;
    return { agents, ms: [cold, middle], calls };
  } finally {
    await stage.close();
  }
}
