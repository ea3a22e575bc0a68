/**
 * A mail that goes out once (docs/decisions/012): what is intended is annotated before, what
 * happened is looked up after. The welcome mail is one, the mail about a lost link another.
 */

import { PlaneError } from '../../contracts/errors.ts';
import { type AgentName, configSecretId } from '../../contracts/names.ts';
import type { RenderedMail } from '../core/mail.ts';
import type { SecretState } from '../core/observed.ts';
import { formatWelcome, nextMove, parseWelcome, type WelcomeState } from '../core/welcome.ts';
import type { Clock, Mailer, Secrets } from './ports.ts';

export interface Postman {
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly mailer: Mailer;
}

export interface Once {
  /** Of the config secret: where its state is kept. */
  readonly annotation: string;
  /** A state under another id counts as none: another occasion, another mail. */
  readonly id: (state: WelcomeState | undefined) => string;
  readonly to: string | readonly string[];
  /** Asked once for each occasion, before anything is written; may throw. */
  readonly count?: () => Promise<void>;
  /** Rendered when it has to go out; may annotate. */
  readonly render: () => Promise<RenderedMail>;
}

interface Look {
  readonly secret: SecretState;
  readonly id: string;
  readonly move: ReturnType<typeof nextMove>;
  /** Nobody has tried to send this one yet. */
  readonly fresh: boolean;
}

async function look({ secrets, clock }: Postman, name: AgentName, once: Once): Promise<Look> {
  const secret = await secrets.get(configSecretId(name));
  if (!secret) {
    throw new PlaneError('FAILED_PRECONDITION', 'This agent has no configuration in the plane.');
  }
  const found = parseWelcome(secret.annotations[once.annotation]);
  const id = once.id(found);
  const fresh = found?.id !== id;
  return { secret, id, fresh, move: nextMove(fresh ? undefined : found, clock.now()) };
}

/**
 * @returns whether it went out now or before
 * @throws PlaneError ABORTED while another attempt may still be under way: ask again later; what `count` throws
 */
export async function sendOnce(
  tools: Postman,
  name: AgentName,
  once: Once,
): Promise<'now' | 'before'> {
  const first = await look(tools, name, once);
  if (first.move === 'done') return 'before';
  if (first.fresh) await once.count?.();
  // First, as it may annotate: the claim below takes the secret as it is then.
  const mail = await once.render();
  const { secret, id, move } = await look(tools, name, once);
  if (move === 'done') return 'before';
  if (move === 'wait') throw underWay();
  const mark = markFor(tools, name, once.annotation);
  if (move === 'look' && (await tools.mailer.wasSent(id, [once.to].flat()[0] ?? ''))) {
    await mark(secret, { phase: 'sent', id, at: tools.clock.now() });
    return 'before';
  }
  // The claim carries the etag that was read: of two requests at once, one gets ABORTED here.
  const at = tools.clock.now();
  await mark(secret, { phase: 'sending', id, at });
  try {
    await tools.mailer.send({ to: once.to, id, ...mail });
  } catch (error) {
    if (isRefusal(error)) await mark(undefined, { phase: 'refused', id, at });
    throw error;
  }
  await mark(undefined, { phase: 'sent', id, at: tools.clock.now() });
  return 'now';
}

const underWay = (): PlaneError =>
  new PlaneError(
    'ABORTED',
    'Another attempt to send it may be under way. Ask again in three minutes.',
  );

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

/** Writes on top of the secret as it was read, or, of our own claim, on top of whatever is there now. */
function markFor({ secrets }: Postman, name: AgentName, annotation: string) {
  const id = configSecretId(name);
  return async (read: SecretState | undefined, state: WelcomeState): Promise<void> => {
    const secret = read ?? (await secrets.get(id));
    if (!secret) return;
    const changed = { ...secret.annotations, [annotation]: formatWelcome(state) };
    await secrets.annotate(id, changed, secret.etag);
  };
}
