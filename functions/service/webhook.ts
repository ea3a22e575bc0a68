/**
 * Webhooks of agents' business numbers (function `pages`, open to everybody). What protects them
 * is Meta's signature, made with the app secret that the agent's own number has.
 */

import { createHmac, timingSafeEqual } from 'node:crypto';
import { PlaneError } from '../../contracts/errors.ts';
import { type AgentName, agentName, numberSecretId } from '../../contracts/names.ts';
import {
  type CloudApiCredentials,
  numberCredentials,
  SIGNATURE_HEADER,
} from '../../contracts/whatsapp-number.ts';
import type { Clock, Secrets, Webhooks } from './ports.ts';

export interface WebhookTools {
  /** Of the project that the agent is in. */
  readonly webhooksOf: (name: AgentName) => Promise<Pick<Webhooks, 'publish'>>;
  /** The number's credentials; undefined when the agent has none that webhooks come with. */
  readonly credentials: (name: AgentName) => Promise<CloudApiCredentials | undefined>;
}

/** So long an old secret counts, and a forged request costs no read of Secret Manager. */
const FRESH_MS = 60_000;
/** A number that was connected a moment ago is verified next. */
const MISSING_MS = 5_000;
/** Agents remembered at once; names that nobody has would fill the memory else. */
const REMEMBERED = 1_000;

const parsed = (payload: string | undefined): CloudApiCredentials | undefined => {
  const found = payload === undefined ? undefined : numberCredentials.parse(JSON.parse(payload));
  return found?.mode === 'cloud-api' ? found : undefined;
};

/**
 * @param secretsOf those of the project that the agent is in
 * @returns reads credentials, with the memory of one process
 */
export function rememberedCredentials(
  secretsOf: (name: AgentName) => Promise<Pick<Secrets, 'latest'>>,
  clock: Pick<Clock, 'now'>,
): WebhookTools['credentials'] {
  type Answer = Promise<CloudApiCredentials | undefined>;
  const known = new Map<AgentName, { until: number; readonly answer: Answer }>();
  const look = async (name: AgentName): Answer => {
    const latest = await (await secretsOf(name)).latest(numberSecretId(name));
    const found = parsed(latest?.payload);
    const entry = known.get(name);
    if (entry && !found) entry.until = clock.now() + MISSING_MS;
    return found;
  };
  return (name) => {
    const last = known.get(name);
    if (last && clock.now() < last.until) return last.answer;
    const answer = look(name);
    known.delete(name);
    known.set(name, { until: clock.now() + FRESH_MS, answer });
    answer.catch(() => known.delete(name));
    const [oldest] = known.keys();
    if (known.size > REMEMBERED && oldest !== undefined) known.delete(oldest);
    return answer;
  };
}

const digest = (key: string, bytes: Buffer | string): Buffer =>
  createHmac('sha256', key).update(bytes).digest();

/** In a time that tells nothing of where they differ. */
const same = (a: string, b: string): boolean =>
  timingSafeEqual(digest('compare', a), digest('compare', b));

/** The same for an agent that there is not: which numbers there are is nobody's business. */
async function credentialsOf(
  tools: WebhookTools,
  text: string,
): Promise<CloudApiCredentials | undefined> {
  const name = agentName.safeParse(text).data;
  return name && (await tools.credentials(name));
}

/**
 * Whether this is the number's own verify token.
 * https://developers.facebook.com/docs/graph-api/webhooks/getting-started#verification-requests
 * @throws PlaneError PERMISSION_DENIED
 */
export async function verifyWebhook(
  tools: WebhookTools,
  name: string,
  token: string,
): Promise<void> {
  const found = await credentialsOf(tools, name);
  if (found && same(token, found.verifyToken)) return;
  throw new PlaneError('PERMISSION_DENIED', 'This is not the verify token of a number here.');
}

/**
 * Queues a webhook for the agent's VM. Resolves when it is durable.
 * @param body the bytes as they came: the signature is over them, and the VM checks it again
 * @throws PlaneError UNAUTHENTICATED; anything else has Meta send it again
 */
export async function takeWebhook(
  tools: WebhookTools,
  name: string,
  body: Buffer,
  signature: string | undefined,
): Promise<AgentName> {
  const found = await credentialsOf(tools, name);
  const wanted = found && `sha256=${digest(found.appSecret, body).toString('hex')}`;
  if (!wanted || signature === undefined || !same(signature, wanted)) {
    throw new PlaneError('UNAUTHENTICATED', 'This is not the signature of a number here.');
  }
  const agent = agentName.parse(name);
  const webhooks = await tools.webhooksOf(agent);
  await webhooks.publish(agent, body, { [SIGNATURE_HEADER]: signature });
  return agent;
}
