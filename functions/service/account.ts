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
import { documentsWhere, type Found, type Row, rowsIn } from './documents.ts';
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
  const others = fleet.filter((row) => row.name !== name && isInService(row));
  const holder = (await holdersIn(others, new Set([number]))).get(number);
  if (!holder) return;
  throw new PlaneError('ALREADY_EXISTS', 'Another agent answers on this number.', {
    details: [taken(wanted, holder)],
  });
}

const isInService = ({ secret }: Row): boolean => isServed(intentOf({ configSecret: secret }));

/** Each of the numbers that one of these agents answers on, with that agent. */
async function holdersIn(
  rows: readonly Row[],
  numbers: ReadonlySet<string>,
): Promise<ReadonlyMap<string, AgentName>> {
  const found = await answeringIn(rows, numbers);
  return new Map(found.map(({ name, document }) => [answersOn(document) ?? '', name]));
}

/** Those of these agents that answer on one of the numbers, or on one that looks like it. */
async function answeringIn(
  rows: readonly Row[],
  numbers: ReadonlySet<string>,
): Promise<readonly Found[]> {
  const masks = new Set([...numbers].map(maskPhone));
  return await documentsWhere(rows, (summary) => masks.has(answersOn(summary) ?? ''));
}

/** A line of an import. */
interface Line {
  readonly request: ProvisionRequest;
  readonly takes: Imported['takes'];
}

/**
 * The same for an import. An agent whose line names an account holds that one, whatever it has
 * now: an import may well let two of them swap.
 * @throws PlaneError INVALID_ARGUMENT with everybody whose number another agent answers on
 */
export async function demandAccounts(fleet: readonly Row[], lines: readonly Line[]): Promise<void> {
  const open = lines.filter(({ takes }) => takes !== 'nothing');
  const holders = await holdersIn(besides(fleet, lines), new Set(open.flatMap(namedIn)));
  const sharing = Map.groupBy(lines, ({ request }) => answersOn(request));
  const isDoubtful = (number: string): boolean =>
    holders.has(number) || (sharing.get(number)?.length ?? 0) > 1;
  const doubtful = open.filter((line) => namedIn(line).some(isDoubtful));
  const keeping = await keepingIn(fleet, doubtful);
  const takers = new Set(doubtful.filter(({ request }) => !keeping.has(request.user)));
  const details = lines.flatMap((line, index): Problem[] => {
    if (!takers.has(line)) return [];
    const number = answersOn(line.request) ?? '';
    const same = sharing.get(number) ?? [];
    // Whose it is already, else who asks for it first.
    const first = same.find((other) => !takers.has(other)) ?? same[0] ?? line;
    const holder = holders.get(number);
    if (!holder && first === line) return [];
    const problem = holder
      ? taken(line.request, holder)
      : askedTwice(line.request, lines.indexOf(first));
    return [{ ...problem, field: `people.${index}.${problem.field}` }];
  });
  if (details.length === 0) return;
  const message = 'Nothing was done: some people cannot be used.';
  throw new PlaneError('INVALID_ARGUMENT', message, { details });
}

function namedIn({ request }: Line): readonly string[] {
  const number = answersOn(request);
  return number === undefined ? [] : [number];
}

/**
 * Who may hold a number besides the lines that name one: agents that are not in the import, and
 * those whose line leaves it to the plane. These go on with what they have; who was deprovisioned
 * comes back with it.
 */
function besides(fleet: readonly Row[], lines: readonly Line[]): readonly Row[] {
  const named = new Map(lines.map(({ request }) => [request.user, answersOn(request)]));
  return fleet.filter((row) => {
    const owner = ownerOf(row.secret) ?? '';
    return named.has(owner) ? named.get(owner) === undefined : isInService(row);
  });
}

/**
 * The people of these lines whose own agent answers there already. Asked of the few whose number
 * somebody else has or wants: a document of each of a thousand would be read for nothing.
 */
async function keepingIn(
  fleet: readonly Row[],
  lines: readonly Line[],
): Promise<ReadonlySet<string>> {
  const named = new Map(lines.map(({ request }) => [request.user, answersOn(request)]));
  const theirs = fleet.filter((row) => named.has(ownerOf(row.secret) ?? '') && isInService(row));
  const found = await answeringIn(theirs, new Set(lines.flatMap(namedIn)));
  const keeping = found.flatMap(({ secret, document }) => {
    const user = ownerOf(secret) ?? '';
    return named.get(user) === answersOn(document) ? [user] : [];
  });
  return new Set(keeping);
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

function askedTwice({ whatsapp }: Pick<Account, 'whatsapp'>, first: number): Problem {
  return {
    field: whatsapp.mode === 'linked' ? 'userPhone' : 'whatsappNumber',
    problem: `is the number that the agent of people.${first} is to answer on`,
    fix: 'give each of them a number of its own',
  };
}
