/**
 * Webhooks of agents' business numbers (function `pages`, open to everybody). What protects them
 * is the signature of Meta or Kapso, made with the secret that the agent's own number has. It is
 * checked here and nowhere else: what waits in the queue outlives the secret that signed it.
 */

import { createHmac, timingSafeEqual } from 'node:crypto';
import { PlaneError } from '../../contracts/errors.ts';
import { type AgentName, agentName, numberSecretId } from '../../contracts/names.ts';
import {
  EVENT_HEADER,
  hasWebhook,
  type NumberCredentials,
  SIGNATURE_HEADERS,
} from '../../contracts/whatsapp-number.ts';
import { readCredentials } from '../core/number-credentials.ts';
import type { Clock, Secrets, Webhooks } from './ports.ts';

export interface WebhookTools {
  /** Of the project that the agent is in. */
  readonly webhooksOf: (name: AgentName) => Promise<Pick<Webhooks, 'publish'>>;
  /** The number's credentials; undefined when the agent has none. */
  readonly credentials: (name: AgentName) => Promise<NumberCredentials | undefined>;
}

/** As it came. */
export interface GivenWebhook {
  /** The bytes: the signature is over them. */
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** So long an old secret counts, and a forged request costs no read of Secret Manager. */
const FRESH_MS = 60_000;
/** A number that was connected a moment ago is verified next. */
const MISSING_MS = 5_000;
/** Remembered at once; and names that nobody has, which anybody can invent, apart from them. */
const REMEMBERED = 1_000;

/** A name of Kapso's: `whatsapp.message.received`. */
const EVENT = /^[\w.]{1,100}$/;

type Answer = Promise<NumberCredentials | undefined>;
interface Entry {
  readonly until: number;
  readonly answer: Answer;
}
type Memory = Map<AgentName, Entry>;

const memory = (): Memory => new Map();

function remember(where: Memory, name: AgentName, entry: Entry): void {
  where.delete(name);
  where.set(name, entry);
  const [oldest] = where.keys();
  if (where.size > REMEMBERED && oldest !== undefined) where.delete(oldest);
}

/**
 * @param secretsOf those of the project that the agent is in
 * @returns reads credentials, with the memory of one process
 */
export function rememberedCredentials(
  secretsOf: (name: AgentName) => Promise<Pick<Secrets, 'latest'>>,
  clock: Pick<Clock, 'now'>,
): WebhookTools['credentials'] {
  const known = memory();
  /** Without credentials that sign, as far as is known. */
  const without = memory();
  const look = async (name: AgentName): Answer => {
    const latest = await (await secretsOf(name)).latest(numberSecretId(name));
    return readCredentials(latest?.payload);
  };
  const place = (name: AgentName, entry: Entry, found: NumberCredentials | undefined): void => {
    const newer = known.get(name) ?? without.get(name);
    if (newer && newer !== entry) return;
    without.delete(name);
    known.delete(name);
    if (found && hasWebhook(found)) remember(known, name, entry);
    else remember(without, name, { ...entry, until: clock.now() + MISSING_MS });
  };
  const forget = (name: AgentName, entry: Entry): void => {
    for (const each of [known, without]) if (each.get(name) === entry) each.delete(name);
  };
  return (name) => {
    const last = known.get(name) ?? without.get(name);
    if (last && clock.now() < last.until) return last.answer;
    const entry: Entry = { until: clock.now() + FRESH_MS, answer: look(name) };
    remember(known.has(name) ? known : without, name, entry);
    entry.answer.then(
      (found) => place(name, entry, found),
      () => forget(name, entry),
    );
    return entry.answer;
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
): Promise<NumberCredentials | undefined> {
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
  if (found?.mode === 'cloud-api' && same(token, found.verifyToken)) return;
  throw new PlaneError('PERMISSION_DENIED', 'This is not the verify token of a number here.');
}

/** What signs a webhook of this number; undefined where none are agreed on. */
const secretOf = (credentials: NumberCredentials): string | undefined =>
  credentials.mode === 'cloud-api' ? credentials.appSecret : credentials.webhookSecret;

/**
 * Queues a webhook for the agent's VM. Resolves when it is durable.
 * @throws PlaneError UNAUTHENTICATED; anything else has it sent again
 */
export async function takeWebhook(
  tools: WebhookTools,
  name: string,
  { body, headers }: GivenWebhook,
): Promise<AgentName> {
  const found = await credentialsOf(tools, name);
  const secret = found && secretOf(found);
  const header = found && SIGNATURE_HEADERS[found.mode];
  const signature = header && headers[header];
  // Meta writes the algorithm in front, Kapso does not.
  const given = typeof signature === 'string' ? signature.replace(/^sha256=/, '') : undefined;
  if (!secret || !header || !given || !same(given, digest(secret, body).toString('hex'))) {
    throw new PlaneError('UNAUTHENTICATED', 'This is not the signature of a number here.');
  }
  const agent = agentName.parse(name);
  const event = headers[EVENT_HEADER];
  const named = typeof event === 'string' && EVENT.test(event) ? { [EVENT_HEADER]: event } : {};
  const webhooks = await tools.webhooksOf(agent);
  await webhooks.publish(agent, body, { [header]: String(signature), ...named });
  return agent;
}
