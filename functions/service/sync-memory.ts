/** What a sync leaves with each agent for the next ones: annotations of the config secret. */

import { PlaneError } from '../../contracts/errors.ts';
import { ANNOTATION_FOLLOWED, ANNOTATION_PERSON, ANNOTATION_USER } from '../core/observed.ts';
import type { Acquaintance, Member } from '../core/owners.ts';
import { annotate } from './annotations.ts';
import type { Places } from './cells.ts';
import { each } from './each.ts';
import type { Tools } from './steps.ts';

/** Half of what Secret Manager writes in a minute: the other half is for whoever provisions. */
const REMEMBERED_AT_MOST = 300;

/** Last of all, so that what was cut off before is taken up again. One made by hand stays one. */
export async function markFollowed(
  tools: Tools,
  name: Member['name'],
  value: string,
): Promise<void> {
  await annotate(tools, name, ({ [ANNOTATION_FOLLOWED]: before }) =>
    before === undefined || before === value ? undefined : { [ANNOTATION_FOLLOWED]: value },
  );
}

/** The agents of a plane that did not keep ids yet: an address can become somebody else's. */
export async function remember(
  { fleet, clock }: Pick<Tools, 'clock'> & { readonly fleet: Places },
  acquaintances: readonly Acquaintance[],
  deadline: number,
): Promise<void> {
  await each(acquaintances.slice(0, REMEMBERED_AT_MOST), async ({ agent, user, person }) => {
    if (clock.now() > deadline) return;
    try {
      await annotate(await fleet.of(agent), agent, (now) =>
        now[ANNOTATION_USER] === user && now[ANNOTATION_PERSON] === undefined
          ? { [ANNOTATION_PERSON]: person }
          : undefined,
      );
    } catch (error) {
      // Nothing depends on it today, and the next sync does it.
      if (!(error instanceof PlaneError)) throw error;
    }
  });
}
