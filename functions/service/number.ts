/** `/v1/agents/{name}/whatsapp`: connects an agent to its business number, shows it, takes it away. */

import type { PlanView } from '../../contracts/agent.ts';
import type { ConfigDocument } from '../../contracts/config-document.ts';
import { PlaneError } from '../../contracts/errors.ts';
import { type AgentName, configSecretId, numberSecretId } from '../../contracts/names.ts';
import { below } from '../../contracts/url.ts';
import {
  hasWebhook,
  type NumberConnected,
  type NumberDisconnected,
  type NumberView,
  numberCredentials,
} from '../../contracts/whatsapp-number.ts';
import { canonicalJson } from '../core/canonical.ts';
import { readDocument } from '../core/document.ts';
import { isOurs } from '../core/foreign.ts';
import { intentOf } from '../core/intent.ts';
import { isConnected, readCredentials } from '../core/number-credentials.ts';
import type { Observed } from '../core/observed.ts';
import { planFor, viewOf } from '../core/plan.ts';
import { parseBody } from '../core/request.ts';
import type { Desired, Step } from '../core/step.ts';
import { applyPlan } from './apply.ts';
import { demandInService } from './lifecycle.ts';
import { observeFully } from './observe.ts';
import { beingRemoved, documentIn, notFound } from './steer.ts';
import { desiredOf, runStep, type Tools } from './steps.ts';

export interface NumberTools extends Tools {
  /** URL of function `pages`, which webhooks come to. */
  readonly pagesUrl: string;
}

/** A dry run's plan, or what was done. */
export type Numbered<T> =
  | { readonly kind: 'plan'; readonly plan: PlanView }
  | { readonly kind: 'done'; readonly answer: T };

/** Where the number's webhooks are to be posted. */
const webhookOf = ({ pagesUrl }: NumberTools, name: AgentName): string =>
  below(pagesUrl, `/whatsapp/${name}`);

/** @throws PlaneError FAILED_PRECONDITION */
function demandMode({ whatsapp: { mode: current } }: ConfigDocument, mode: string): void {
  if (current === mode) return;
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

interface Found {
  readonly observed: Observed;
  readonly document: ConfigDocument;
}

/** @throws PlaneError NOT_FOUND, FAILED_PRECONDITION (its document cannot be read), ABORTED (it is being purged) */
async function find(tools: Tools, name: AgentName): Promise<Found> {
  const [seen, number] = await Promise.all([
    observeFully(tools, name),
    tools.secrets.latest(numberSecretId(name)),
  ]);
  if (!seen.configSecret || !isOurs(seen.configSecret.labels, name)) throw notFound();
  const intent = intentOf(seen);
  if (intent.life === 'purged') throw beingRemoved();
  const document = documentIn(name, { intent, document: readDocument(seen.config?.payload) });
  return { observed: { ...seen, number }, document };
}

/** Plans, and does it unless it is a dry run. */
async function carryOut(
  tools: Tools,
  goal: 'connectNumber' | 'disconnectNumber',
  { observed, document }: Found,
  desired: Pick<Desired, 'name' | 'number'>,
  dryRun: boolean,
): Promise<readonly Step[]> {
  const base = desiredOf(tools, desired.name, document, intentOf(observed));
  const whole = { ...base, ...desired };
  const steps = planFor(goal, whole, observed);
  if (!dryRun) await applyPlan(steps, runStep(tools, whole, observed, steps));
  return steps;
}

/** Safe to repeat. @throws PlaneError INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION */
export async function connectNumber(
  tools: NumberTools,
  name: AgentName,
  body: unknown,
  dryRun: boolean,
): Promise<Numbered<NumberConnected>> {
  const credentials = parseBody(numberCredentials, body);
  const found = await find(tools, name);
  demandMode(found.document, credentials.mode);
  demandInService(intentOf(found.observed));
  const number = { text: canonicalJson(credentials), hasWebhook: hasWebhook(credentials) };
  const steps = await carryOut(tools, 'connectNumber', found, { name, number }, dryRun);
  if (dryRun) return { kind: 'plan', plan: viewOf(name, steps) };
  const webhook = number.hasWebhook ? { webhook: webhookOf(tools, name) } : {};
  return { kind: 'done', answer: { agent: name, ...webhook } };
}

/** With what people wrote and nobody has answered. Safe to repeat. @throws PlaneError NOT_FOUND */
export async function disconnectNumber(
  tools: NumberTools,
  name: AgentName,
  dryRun: boolean,
): Promise<Numbered<NumberDisconnected>> {
  const found = await find(tools, name);
  const queues = found.observed.queue?.parts ?? [];
  const inventory = { objects: [], secrets: [], instances: [], disks: [], queues };
  const at: Found = { ...found, observed: { ...found.observed, inventory } };
  const number = 'none' as const;
  const steps = await carryOut(tools, 'disconnectNumber', at, { name, number }, dryRun);
  if (dryRun) return { kind: 'plan', plan: viewOf(name, steps) };
  const secret = found.observed.numberSecret ? [`secret ${numberSecretId(name)}`] : [];
  const removed = [...queues.map(({ kind, name: id }) => `${kind} ${id}`), ...secret];
  return { kind: 'done', answer: { agent: name, removed } };
}

/** Which number it is, and whether it works; never a credential. @throws PlaneError NOT_FOUND */
export async function showNumber(tools: NumberTools, name: AgentName): Promise<NumberView> {
  const [secret, latest, number] = await Promise.all([
    tools.secrets.get(configSecretId(name)),
    tools.secrets.latest(configSecretId(name)),
    tools.secrets.latest(numberSecretId(name)),
  ]);
  const document = readDocument(latest?.payload);
  if (!secret || !document || !isOurs(secret.labels, name)) throw notFound();
  const { mode } = document.whatsapp;
  const credentials = readCredentials(number?.payload);
  if (!credentials) {
    const problem = 'no credentials are kept: connect it with POST /v1/agents/{name}/whatsapp';
    const isBusiness = mode === 'cloud-api' || mode === 'kapso';
    return { agent: name, mode, connected: false, ...(isBusiness && { problem }) };
  }
  const connected = isConnected(credentials, document);
  const problem = `its credentials are for ${credentials.mode}, its mode is ${mode}: change one of them`;
  return {
    agent: name,
    mode,
    connected,
    phoneNumberId: credentials.phoneNumberId,
    ...(number && { version: number.version }),
    ...(hasWebhook(credentials) && { webhook: webhookOf(tools, name) }),
    ...(!connected && { problem }),
  };
}
