/** One account at WhatsApp is one agent (docs/decisions/105): who has which. */

import {
  answersOn,
  type ConfigDocument,
  type ProvisionRequest,
} from '../../contracts/config-document.ts';
import { PlaneError, type Problem } from '../../contracts/errors.ts';
import type { Imported } from '../../contracts/import.ts';
import type { AgentName } from '../../contracts/names.ts';
import { readDocument } from '../core/document.ts';
import { intentOf, isServed } from '../core/intent.ts';
import type { Observed } from '../core/observed.ts';
import { ownerOf } from '../core/people.ts';
import { maskPhone } from '../core/redact.ts';
import type { Places } from './cells.ts';
import { documentsWhere, type Row, rowsIn } from './documents.ts';
import { type Change, planned } from './steer.ts';

/** What decides which account an agent is. */
type Account = Pick<ConfigDocument, 'whatsapp'> &
  Partial<Pick<ConfigDocument, 'userPhone' | 'whatsappNumber'>>;

/**
 * Of two requests at the same moment both may pass: see the decision.
 * @param fleet every agent
 * @param before the agent as it is: what it has already it may keep
 * @throws PlaneError ALREADY_EXISTS when another agent in service answers there
 */
export async function demandAccount(
  fleet: readonly Row[],
  name: AgentName,
  wanted: Account,
  before: Observed,
): Promise<void> {
  const number = answersOn(wanted);
  if (number === undefined || number === accountIn(before)) return;
  const others = fleet.filter((row) => row.name !== name);
  const holder = (await holdersIn(others, new Set([number]))).get(number);
  if (!holder) return;
  throw new PlaneError('ALREADY_EXISTS', 'Another agent answers on this number.', {
    details: [taken(wanted, holder)],
  });
}

/** The agents in service that answer on one of these numbers. */
async function holdersIn(
  fleet: readonly Row[],
  numbers: ReadonlySet<string>,
): Promise<ReadonlyMap<string, AgentName>> {
  const masks = new Set([...numbers].map(maskPhone));
  const served = fleet.filter(({ secret }) => isServed(intentOf({ configSecret: secret })));
  const found = await documentsWhere(served, (summary) => masks.has(answersOn(summary) ?? ''));
  return new Map(found.map(({ name, document }) => [answersOn(document) ?? '', name]));
}

/**
 * The same for an import. Agents of people who are in it hold what it gives them, whatever they
 * have now: it may well let two of them swap.
 * @throws PlaneError INVALID_ARGUMENT with everybody whose number another agent answers on
 */
export async function demandAccounts(
  fleet: readonly Row[],
  people: readonly { readonly request: ProvisionRequest; readonly takes: Imported['takes'] }[],
): Promise<void> {
  const users = new Set(people.map(({ request }) => request.user));
  const others = fleet.filter(({ secret }) => !users.has(ownerOf(secret) ?? ''));
  const wanted = people.map(({ request, takes }) =>
    takes === 'nothing' ? undefined : answersOn(request),
  );
  const numbers = new Set(wanted.filter((number) => number !== undefined));
  const holders = await holdersIn(others, numbers);
  const details = people.flatMap(({ request }, index): Problem[] => {
    const holder = holders.get(wanted[index] ?? '');
    const problem = holder && taken(request, holder);
    return problem ? [{ ...problem, field: `people.${index}.${problem.field}` }] : [];
  });
  if (details.length === 0) return;
  const message = 'Nothing was done: some people cannot be used.';
  throw new PlaneError('INVALID_ARGUMENT', message, { details });
}

/** Undefined when nothing answers there now. */
function accountIn(before: Observed): string | undefined {
  const document = readDocument(before.config?.payload);
  return document && isServed(intentOf(before)) ? answersOn(document) : undefined;
}

/** The same for a change of an agent that there is. */
export async function demandAccountFor(
  fleet: Places,
  name: AgentName,
  change: Change,
): Promise<void> {
  const [{ desired, observed }, rows] = await Promise.all([
    planned(await fleet.of(name), name, change),
    rowsIn(await fleet.all()),
  ]);
  if (desired.document) await demandAccount(rows, name, desired.document, observed);
}

function taken({ whatsapp }: Pick<Account, 'whatsapp'>, holder: AgentName): Problem {
  const problem = `is the number that agent ${holder} answers on`;
  return whatsapp.mode === 'linked'
    ? {
        field: 'userPhone',
        problem,
        fix: `give this person's own phone, or whatsappNumber; or purge ${holder} first`,
      }
    : { field: 'whatsappNumber', problem, fix: `give another; or purge ${holder} first` };
}
