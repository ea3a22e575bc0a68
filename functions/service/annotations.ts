/** Read-modify-write of the annotations on an agent's config secret, whoever else writes there. */

import { PlaneError } from '../../contracts/errors.ts';
import { type AgentName, configSecretId } from '../../contracts/names.ts';
import { isOurs } from '../core/foreign.ts';
import { withRoom } from '../core/vm-notes.ts';
import type { Clock, Secrets } from './ports.ts';
import { onConflict } from './retry.ts';

export type Annotations = Readonly<Record<string, string>>;

export interface Annotator {
  readonly secrets: Secrets;
  readonly clock: Clock;
}

/**
 * @param change gives what to write on top, or undefined when all is as it should be; called
 *   again with what the winner of a lost race left
 * @returns the annotations as they are now
 * @throws PlaneError FAILED_PRECONDITION when the agent was never provisioned
 */
export function annotate(
  { secrets, clock }: Annotator,
  name: AgentName,
  change: (annotations: Annotations) => Annotations | undefined,
): Promise<Annotations> {
  const id = configSecretId(name);
  return onConflict(clock, async () => {
    const secret = await secrets.get(id);
    if (!secret || !isOurs(secret.labels, name)) {
      throw new PlaneError('FAILED_PRECONDITION', 'This agent has no configuration in the plane.');
    }
    const more = change(secret.annotations);
    if (!more) return secret.annotations;
    const changed = { ...withRoom(secret.annotations), ...more };
    await secrets.annotate(id, changed, secret.etag);
    return changed;
  });
}
