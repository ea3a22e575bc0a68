/**
 * Names that Google keeps after what had them was removed.
 *
 * https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues/delete
 * https://cloud.google.com/iam/docs/creating-custom-roles#deleting-custom-role
 * https://cloud.google.com/kms/docs/faq#cannot_delete
 */

import type { Resource } from '../../terraform/resources.ts';
import { asText } from '../../terraform/value.ts';
import { GoogleError } from '../service.ts';

const DAY_MS = 86_400_000;

interface Kept {
  /** Argument that is the name. */
  readonly name: string;
  /** Days after the removal between which the name is refused. Until then the provider has a role back. */
  readonly from: number;
  readonly to: number;
  readonly says: (name: string) => string;
}
const KEPT: Readonly<Record<string, Kept>> = {
  google_cloud_tasks_queue: {
    ...{ name: 'name', from: 0, to: 3 },
    says: () =>
      'Error 400: The queue cannot be created because a queue with this name existed too recently.',
  },
  google_project_iam_custom_role: {
    ...{ name: 'role_id', from: 7, to: 37 },
    says: (name) =>
      `Error 400: You can't create a role_id (${name}) which has been marked for deletion., failedPrecondition`,
  },
  google_kms_key_ring: {
    ...{ name: 'name', from: 0, to: Number.POSITIVE_INFINITY },
    says: (name) => `Error 409: KeyRing ${name} already exists., alreadyExists`,
  },
};

export interface Remains {
  removed(resources: readonly Resource[]): void;
  /** @throws GoogleError in Google's words */
  refuse(created: readonly Resource[]): void;
}

/** @param now milliseconds since 1970 */
export function createRemains(now: () => number): Remains {
  const since = new Map<string, number>();
  const nameOf = ({ type, values }: Resource): string =>
    asText(values[KEPT[type]?.name ?? ''] ?? '');
  return {
    removed(resources) {
      for (const each of resources) {
        if (KEPT[each.type]) since.set(`${each.type} ${nameOf(each)}`, now());
      }
    },
    refuse(created) {
      for (const each of created) {
        const kept = KEPT[each.type];
        const at = since.get(`${each.type} ${nameOf(each)}`);
        if (!kept || at === undefined) continue;
        const days = (now() - at) / DAY_MS;
        if (days < kept.from || days >= kept.to) continue;
        const why = `${each.address}: ${kept.says(nameOf(each))}`;
        throw new GoogleError('FAILED_PRECONDITION', why);
      }
    },
  };
}
