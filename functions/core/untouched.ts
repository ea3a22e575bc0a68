/**
 * What is not as the spec has it and what reconcile leaves alone all the same, with what a person
 * can do: it is not the plane's, or the plane has no right to change it, and should have none.
 */

import type { Problem } from '../../contracts/errors.ts';
import {
  configSecretId,
  keySecretId,
  serviceAccountEmail,
  serviceAccountId,
} from '../../contracts/names.ts';
import { isServed } from './intent.ts';
import type { Observed } from './observed.ts';
import type { Desired } from './step.ts';

type Look = (desired: Desired, observed: Observed) => Problem | undefined;

const LOOKS: readonly Look[] = [ownersKey, actors, lostConfig];

export const untouchedIn = (desired: Desired, observed: Observed): readonly Problem[] =>
  LOOKS.map((look) => look(desired, observed)).filter((problem) => problem !== undefined);

/** A key is its owner's: whoever switched it off may have had a reason. */
function ownersKey({ name }: Desired, { detail }: Observed): Problem | undefined {
  const newest = detail?.keyVersion;
  if (!newest || newest.state === 'ENABLED') return undefined;
  const { state, version } = newest;
  const enabled = `gcloud secrets versions enable ${version} --secret=${keySecretId(name)}`;
  const again = 'the owner can send the agent a new one';
  return {
    field: `secret ${keySecretId(name)}`,
    problem: `has a newest version that is ${state.toLowerCase()}: the owner's own key is not used`,
    fix: state === 'DISABLED' ? `${enabled}, or ${again}` : again,
  };
}

/** To change who may act as an account is a right over every account of the project: the plane has none. */
function actors({ name, project }: Desired, { detail }: Observed): Problem | undefined {
  const members = detail?.accountPolicy?.bindings.flatMap((binding) => binding.members) ?? [];
  if (members.length === 0) return undefined;
  const email = serviceAccountEmail(name, project);
  return {
    field: `service account ${serviceAccountId(name)}`,
    problem: `may be used by ${[...new Set(members)].join(', ')}`,
    fix: `gcloud iam service-accounts remove-iam-policy-binding ${email} --member=... --role=...`,
  };
}

function lostConfig({ name, document, intent }: Desired, observed: Observed): Problem | undefined {
  const { config, configSecret, detail } = observed;
  if (document || config || !configSecret || !isServed(intent)) return undefined;
  if (!detail || detail.configVersions[0]?.state === 'DISABLED') return undefined;
  return {
    field: `secret ${configSecretId(name)}`,
    problem: 'has no version left that can be read',
    fix: 'provision the agent again for the same person: everything else it has is kept',
  };
}
