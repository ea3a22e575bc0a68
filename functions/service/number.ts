/** `POST /v1/agents/{name}/whatsapp`: connects an agent to its business number. */

import { PlaneError } from '../../contracts/errors.ts';
import { METADATA_KEYS } from '../../contracts/instance-metadata.ts';
import {
  type AgentName,
  configSecretId,
  labelsOf,
  numberSecretId,
  serviceAccountEmail,
} from '../../contracts/names.ts';
import { type NumberConnected, numberCredentials } from '../../contracts/whatsapp-number.ts';
import { canonicalJson } from '../core/canonical.ts';
import { readDocument } from '../core/document.ts';
import { isOurs } from '../core/foreign.ts';
import type { SecretState } from '../core/observed.ts';
import { missingRoles, ROLE_ACCESSOR, withMember } from '../core/policy.ts';
import { parseBody } from '../core/request.ts';
import type { Machines } from './ports.ts';
import { CONFLICT_SCHEDULE_MS, retrying } from './retry.ts';
import { notFound } from './steer.ts';
import type { Tools } from './steps.ts';
import { machinesOf } from './zone.ts';

export interface NumberTools extends Tools {
  /** URL of function `pages`, which webhooks come to. */
  readonly pagesUrl: string;
}

/** Path of an agent's webhook below function `pages`. */
export const webhookPath = (name: string): string => `/whatsapp/${name}`;

/** @throws PlaneError NOT_FOUND, or FAILED_PRECONDITION when the agent is in another mode */
async function demandMode({ secrets }: Tools, name: AgentName, mode: string): Promise<SecretState> {
  const id = configSecretId(name);
  const [secret, latest] = await Promise.all([secrets.get(id), secrets.latest(id)]);
  const document = readDocument(latest?.payload);
  if (!secret || !document || !isOurs(secret.labels, name)) throw notFound();
  const { mode: current } = document.whatsapp;
  if (current === mode) return secret;
  throw new PlaneError('FAILED_PRECONDITION', `This agent's WhatsApp mode is ${current}.`, {
    details: [
      {
        field: 'mode',
        problem: `is ${mode}, the agent's is ${current}`,
        fix: `change the agent first: PATCH /v1/agents/{name} with {"whatsapp":{"mode":"${mode}"}}`,
      },
    ],
  });
}

/** Keeps the credentials where the agent, and no other, reads them. @returns the version's number */
async function keep(tools: Tools, name: AgentName, text: string): Promise<string> {
  const { secrets, clock } = tools;
  const id = numberSecretId(name);
  if (!(await secrets.get(id))) await secrets.create(id, labelsOf(name), {});
  const member = `serviceAccount:${serviceAccountEmail(name, tools.project)}`;
  await retrying({ codes: ['ABORTED'], schedule: CONFLICT_SCHEDULE_MS, clock }, async () => {
    const policy = await secrets.policy(id);
    if (missingRoles(policy, [ROLE_ACCESSOR], member).length === 0) return;
    await secrets.setPolicy(id, withMember(policy, [ROLE_ACCESSOR], member));
  });
  const latest = await secrets.latest(id);
  return latest?.payload === text ? latest.version : secrets.addVersion(id, text);
}

/** Has a VM that runs take the credentials over; one that starts later reads them by itself. */
async function announce(
  { clock }: Tools,
  machines: Machines,
  name: AgentName,
  version: string,
): Promise<void> {
  await retrying({ codes: ['ABORTED'], schedule: CONFLICT_SCHEDULE_MS, clock }, async () => {
    const instance = await machines.instance(name);
    if (!instance || instance.metadata[METADATA_KEYS.whatsapp] === version) return;
    const metadata = { ...instance.metadata, [METADATA_KEYS.whatsapp]: version };
    const { metadataFingerprint } = instance;
    await machines.wait(await machines.setMetadata(name, metadata, metadataFingerprint));
  });
}

/** Safe to repeat. @throws PlaneError INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION */
export async function connectNumber(
  tools: NumberTools,
  name: AgentName,
  body: unknown,
): Promise<NumberConnected> {
  const credentials = parseBody(numberCredentials, body);
  const record = await demandMode(tools, name, credentials.mode);
  const byWebhook = credentials.mode === 'cloud-api';
  // Before the credentials: with them, the VM begins to pull.
  if (byWebhook) await tools.webhooks.open(name, serviceAccountEmail(name, tools.project));
  const version = await keep(tools, name, canonicalJson(credentials));
  await announce(tools, machinesOf(tools.machines, record), name, version);
  const base = tools.pagesUrl.replace(/\/+$/, '');
  return { agent: name, ...(byWebhook && { webhook: `${base}${webhookPath(name)}` }) };
}
