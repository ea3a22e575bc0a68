/** Many people in one request: all of it is checked before any of it is done. */

import { createHash } from 'node:crypto';
import { z } from 'zod';
import {
  CONFIG_VERSION,
  configDocument,
  type ProvisionRequest,
} from '../../contracts/config-document.ts';
import { PlaneError, type Problem } from '../../contracts/errors.ts';
import { IMPORT_MAX, type Imported } from '../../contracts/import.ts';
import type { AgentName } from '../../contracts/names.ts';
import { canonicalJson } from './canonical.ts';
import { digestOf, intentOf } from './intent.ts';
import { ANNOTATION_USER, type SecretState } from './observed.ts';
import { type Policy, parseBody, parseProvision } from './request.ts';
import { ANNOTATION_SUMMARY, parseSummary, type Summary, summaryOf } from './summary.ts';

const list = z.strictObject({ people: z.array(z.unknown()).min(1).max(IMPORT_MAX) });

/**
 * @returns the people in their order, under the organisation's rules
 * @throws PlaneError INVALID_ARGUMENT with every problem of everybody: `people.3.userPhone`
 */
export function readPeople(policy: Policy, body: unknown): readonly ProvisionRequest[] {
  const details: Problem[] = [];
  const firstOf = new Map<string, number>();
  const people = parseBody(list, body).people.map((person, index) => {
    try {
      const request = parseProvision(policy, person);
      const first = firstOf.get(request.user);
      if (first === undefined) firstOf.set(request.user, index);
      else details.push(twice(index, first));
      return request;
    } catch (error) {
      if (!(error instanceof PlaneError)) throw error;
      for (const problem of error.details) {
        details.push({ ...problem, field: `people.${index}.${problem.field}` });
      }
      return undefined;
    }
  });
  if (details.length > 0) {
    throw new PlaneError('INVALID_ARGUMENT', 'Nothing was done: some people cannot be used.', {
      details,
    });
  }
  return people.filter((person) => person !== undefined);
}

const twice = (index: number, first: number): Problem => ({
  field: `people.${index}.user`,
  problem: `is the same person as people.${first}`,
  fix: 'leave one of them out',
});

/** An agent that there is, as far as a list of the fleet knows it. */
export interface Known {
  readonly name: AgentName;
  readonly secret: SecretState;
  /** Whether it has a VM. */
  readonly hasMachine: boolean;
}

/** @param known by owner */
export function takesFor(
  request: ProvisionRequest,
  known: ReadonlyMap<string, Known>,
): Pick<Imported, 'takes' | 'agent'> {
  const there = known.get(request.user);
  if (!there) return { takes: 'create' };
  const { life } = intentOf({ configSecret: there.secret });
  // One that was stopped on purpose stays so, and has what it needs.
  const complete = life === 'stopped' || (life === 'running' && there.hasMachine);
  const takes = complete && isAsWanted(request, there.secret) ? 'nothing' : 'change';
  return { takes, agent: there.name };
}

/** Stands for a number that the request leaves to the plane. */
const UNSAID = '+15550000000';

/**
 * A phone that is left out is the directory's to say, the number of mode `dedicated` the pool's: then
 * what a list shows decides, where the middle of a phone is masked.
 */
function isAsWanted(request: ProvisionRequest, secret: SecretState): boolean {
  const shown = parseSummary(secret.annotations[ANNOTATION_SUMMARY]);
  if (!shown) return false;
  const isDrawn = request.whatsapp.mode === 'dedicated' && request.whatsappNumber === undefined;
  const unsaid = {
    ...(request.userPhone === undefined && { userPhone: UNSAID }),
    ...(isDrawn && { whatsappNumber: UNSAID }),
  };
  const document = configDocument.parse({ version: CONFIG_VERSION, ...request, ...unsaid });
  if (Object.keys(unsaid).length === 0) {
    return intentOf({ configSecret: secret }).document === digestOf(document);
  }
  const said = (summary: Summary): string => canonicalJson({ ...summary, ...unsaid });
  return said(summaryOf(document)) === said(shown);
}

export const ownerOf = ({ annotations }: SecretState): string | undefined =>
  annotations[ANNOTATION_USER];

/** Two who ask for the same within one of these milliseconds ask once. */
const SLOT_MS = 10_000;

/** Begins the id of all work that asks for this. */
export const workPrefix = (request: ProvisionRequest): string =>
  `provision-${createHash('sha256').update(canonicalJson(request)).digest('hex').slice(0, 32)}`;

/**
 * The same work has the same id, so that a queue takes it once; for a while alone, as a queue goes on refusing an id
 * for an hour after that work was done, and by then it may be wanted anew.
 */
export const workId = (request: ProvisionRequest, now: number): string =>
  `${workPrefix(request)}-${Math.floor(now / SLOT_MS)}`;
