/** Whose things are whose: what does not carry our labels is refused, never adopted. */

import { PlaneError } from '../../contracts/errors.ts';
import {
  type AgentName,
  backupSecretId,
  channelsSecretId,
  configSecretId,
  dataDiskName,
  instanceName,
  keySecretId,
  LABEL_AGENT,
  LABEL_MANAGED_BY,
  MANAGED_BY,
  numberSecretId,
  serviceAccountId,
} from '../../contracts/names.ts';
import type { Observed } from './observed.ts';

/** What marks a service account as ours: it has no labels, so its description carries them. */
export const serviceAccountMark = (name: AgentName): string =>
  `${LABEL_MANAGED_BY}=${MANAGED_BY} ${LABEL_AGENT}=${name}`;

export const isOurs = (labels: Readonly<Record<string, string>>, name: AgentName): boolean =>
  labels[LABEL_MANAGED_BY] === MANAGED_BY && labels[LABEL_AGENT] === name;

/** @throws PlaneError FAILED_PRECONDITION that names each of them */
export function refuseForeign(name: AgentName, observed: Observed): void {
  const labelled: ReadonlyArray<
    readonly [string, { labels: Readonly<Record<string, string>> } | undefined]
  > = [
    [`secret ${configSecretId(name)}`, observed.configSecret],
    [`secret ${keySecretId(name)}`, observed.keySecret],
    [`secret ${channelsSecretId(name)}`, observed.channelsSecret],
    [`secret ${backupSecretId(name)}`, observed.backupSecret],
    [`secret ${numberSecretId(name)}`, observed.numberSecret],
    [`instance ${instanceName(name)}`, observed.instance],
    [`disk of ${instanceName(name)}`, observed.dataDisk],
  ];
  const foreign = labelled.filter(([, it]) => it && !isOurs(it.labels, name)).map(([what]) => what);
  if (observed.serviceAccount && observed.serviceAccount.description !== serviceAccountMark(name)) {
    foreign.push(`service account ${serviceAccountId(name)}`);
  }
  if (foreign.length === 0) return;
  throw new PlaneError(
    'FAILED_PRECONDITION',
    'The project holds resources of this name that the plane did not make.',
    {
      details: foreign.map((field) => ({
        field,
        problem: `does not carry ${LABEL_MANAGED_BY}=${MANAGED_BY} and ${LABEL_AGENT}=${name}`,
        fix: 'rename or remove it, or label it if it really belongs to this agent',
      })),
    },
  );
}

/** @throws PlaneError FAILED_PRECONDITION that names each of them */
export function refuseScattered(name: AgentName, { scattered = [] }: Observed): void {
  if (scattered.length === 0) return;
  throw new PlaneError('FAILED_PRECONDITION', 'The agent has data disks in several zones.', {
    details: scattered.map((zone) => ({
      field: `disk ${dataDiskName(name)} in ${zone}`,
      problem: 'is not the only one, and nothing says which of them the agent is to use',
      fix: 'delete those that it is not to use',
    })),
  });
}
