/** What an agent's VM may ask for, on its own behalf alone: contracts/vm-api.ts. */

import type { ConfigDocument } from '../../contracts/config-document.ts';
import { PlaneError } from '../../contracts/errors.ts';
import {
  type AgentName,
  channelsSecretId,
  configSecretId,
  keySecretId,
} from '../../contracts/names.ts';
import {
  type ChannelsSecretAnswer,
  type KeySecretAnswer,
  type MailAnswer,
  mailRequest,
  type WelcomeAnswer,
} from '../../contracts/vm-api.ts';
import { readDocument } from '../core/document.ts';
import { intentOf } from '../core/intent.ts';
import { type MailTemplates, renderWelcome } from '../core/mail.ts';
import { ANNOTATION_WELCOME, type SecretState } from '../core/observed.ts';
import { isOurs, planFor } from '../core/plan.ts';
import { parseBody } from '../core/request.ts';
import { formatWelcome, nextMove, parseWelcome, type WelcomeState } from '../core/welcome.ts';
import { applyPlan } from './apply.ts';
import { observe } from './observe.ts';
import type { Mailer } from './ports.ts';
import { desiredOf, runStep, type Tools } from './steps.ts';

export interface SelfTools extends Tools {
  readonly mailer: Mailer;
  readonly mailTemplates: MailTemplates;
  /** Contents of templates/plane/mail/budget.txt. */
  readonly budgetTemplate: string;
  /** Who hears that an agent's budget is used up. */
  readonly admins: readonly string[];
}

interface Self {
  readonly secret: SecretState;
  readonly document: ConfigDocument;
}

/** @throws PlaneError FAILED_PRECONDITION when the agent was never provisioned, or is being removed */
export async function self(tools: SelfTools, name: AgentName): Promise<Self> {
  const id = configSecretId(name);
  const [secret, latest] = await Promise.all([tools.secrets.get(id), tools.secrets.latest(id)]);
  const document = readDocument(latest?.payload);
  if (!secret || !document || !isOurs(secret.labels, name)) {
    throw new PlaneError('FAILED_PRECONDITION', 'This agent has no configuration in the plane.');
  }
  return { secret, document };
}

/** A mail to the agent's owner, whatever the caller would like. */
export async function sendMail(
  tools: SelfTools,
  name: AgentName,
  body: unknown,
): Promise<MailAnswer> {
  const { subject, text } = parseBody(mailRequest, body);
  const { document } = await self(tools, name);
  return { id: await tools.mailer.send({ to: document.user, subject, text, id: tools.newId() }) };
}

/** Creates the empty key secret and the agent's rights on it, should they be missing. */
export async function ensureKeySecret(tools: SelfTools, name: AgentName): Promise<KeySecretAnswer> {
  const [{ document }, observed] = await Promise.all([self(tools, name), observe(tools, name)]);
  const desired = desiredOf(tools, name, document, intentOf(observed));
  const steps = planFor('keySecret', desired, observed);
  await applyPlan(steps, runStep(tools, desired, observed, steps));
  return { secret: keySecretId(name) };
}

/** Creates the empty secret for added channels and the agent's rights on it, should they be missing. */
export async function ensureChannelsSecret(
  tools: SelfTools,
  name: AgentName,
): Promise<ChannelsSecretAnswer> {
  const id = channelsSecretId(name);
  const [{ document }, rest, channelsSecret, channelsPolicy] = await Promise.all([
    self(tools, name),
    observe(tools, name),
    tools.secrets.get(id),
    tools.secrets.policy(id),
  ]);
  const observed = { ...rest, channelsSecret, channelsPolicy };
  const desired = desiredOf(tools, name, document, intentOf(observed));
  const steps = planFor('channelsSecret', desired, observed);
  await applyPlan(steps, runStep(tools, desired, observed, steps));
  return { secret: id };
}

/**
 * Sends the welcome mail exactly once in the agent's life (docs/decisions/012).
 * @throws PlaneError ABORTED while another attempt may still be under way: ask again later
 */
export async function welcome(tools: SelfTools, name: AgentName): Promise<WelcomeAnswer> {
  const { secret, document } = await self(tools, name);
  const state = parseWelcome(secret.annotations[ANNOTATION_WELCOME]);
  const move = nextMove(state, tools.clock.now());
  if (move === 'done') return { sent: 'before' };
  if (move === 'wait') {
    throw new PlaneError(
      'ABORTED',
      'Another attempt to send it may be under way. Ask again in two minutes.',
    );
  }
  if (move === 'look' && state && (await tools.mailer.wasSent(state.id, document.user))) {
    await mark(tools, name, secret, { ...state, phase: 'sent' });
    return { sent: 'before' };
  }
  return claimAndSend(tools, name, { secret, document }, state?.id ?? tools.newId());
}

/** The claim carries the etag that was read: of two requests at once, one gets ABORTED here. */
async function claimAndSend(
  tools: SelfTools,
  name: AgentName,
  { secret, document }: Self,
  id: string,
): Promise<WelcomeAnswer> {
  const at = tools.clock.now();
  await mark(tools, name, secret, { phase: 'sending', id, at });
  const rendered = renderWelcome(tools.mailTemplates, name, document);
  try {
    await tools.mailer.send({ to: document.user, id, ...rendered });
  } catch (error) {
    if (isRefusal(error)) await remark(tools, name, { phase: 'refused', id, at });
    throw error;
  }
  await remark(tools, name, { phase: 'sent', id, at: tools.clock.now() });
  return { sent: 'now' };
}

/** Google said no before sending anything. Everything else may have been sent all the same. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof PlaneError &&
  [
    'INVALID_ARGUMENT',
    'UNAUTHENTICATED',
    'PERMISSION_DENIED',
    'NOT_FOUND',
    'RESOURCE_EXHAUSTED',
  ].includes(error.code);

async function mark(
  tools: SelfTools,
  name: AgentName,
  { annotations, etag }: SecretState,
  state: WelcomeState,
): Promise<void> {
  const changed = { ...annotations, [ANNOTATION_WELCOME]: formatWelcome(state) };
  await tools.secrets.annotate(configSecretId(name), changed, etag);
}

/** Writes the outcome of our own claim on top of whatever else was annotated meanwhile. */
async function remark(tools: SelfTools, name: AgentName, state: WelcomeState): Promise<void> {
  const secret = await tools.secrets.get(configSecretId(name));
  if (secret) await mark(tools, name, secret, state);
}
