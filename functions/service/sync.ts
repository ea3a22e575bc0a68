/**
 * `POST /v1/sync`: brings the fleet to what the Workspace Directory says, through the same verbs
 * as an administrator's (docs/decisions/100). What a sync leaves undone the next one finds.
 */

import type { SyncAnswer, Synced } from '../../contracts/sync.ts';
import type { AuditChange } from '../core/audit.ts';
import type { DirectoryPerson } from '../core/directory.ts';
import { reasonOf } from '../core/failure.ts';
import { intentOf } from '../core/intent.ts';
import { agentIn } from '../core/listed.ts';
import { ANNOTATION_FOLLOWED, ANNOTATION_PERSON, ANNOTATION_USER } from '../core/observed.ts';
import { absentees, type Member } from '../core/owners.ts';
import { PENDING, type SyncAction, type SyncRules } from '../core/sync-action.ts';
import { planSync, type SyncPlan } from '../core/sync-plan.ts';
import { demandAccountFor } from './account.ts';
import type { Places } from './cells.ts';
import { AT_ONCE, each } from './each.ts';
import { everyRecord } from './every-record.ts';
import { carryOut, deprovision, followed, revoke } from './lifecycle.ts';
import { alone } from './lock.ts';
import type { Directory, Mailer } from './ports.ts';
import { provisionIn, readRequest } from './provision.ts';
import type { Tools } from './steps.ts';
import { tellAdmins } from './sync-mail.ts';
import { markFollowed, remember } from './sync-memory.ts';

export interface SyncTools extends Tools {
  readonly fleet: Places;
  readonly mailer: () => Promise<Mailer>;
  readonly rules: SyncRules;
  readonly admins: readonly string[];
  /** Contents of templates/plane/mail/sync.txt. */
  readonly syncTemplate: string;
}

export interface SyncRequest {
  readonly dryRun: boolean;
  /** `confirm` of the answer that asked. */
  readonly confirm: string | undefined;
}

/** What was done to one agent, for the audit. */
export interface Done {
  readonly what: string;
  readonly agent: string;
  readonly change: AuditChange;
}

export interface SyncOutcome {
  readonly answer: SyncAnswer;
  readonly done: readonly Done[];
}

/** A function lives for 120 s (scripts/setup/steps/70-functions.sh): by then whoever held it is dead. */
const LEASE_MS = 120_000;
/** No action is begun after that: the rest is the next sync's. */
const BUDGET_MS = 35_000;

/**
 * @throws PlaneError ABORTED while another sync is at work, FAILED_PRECONDITION when the directory
 *   may not be read, UNAVAILABLE when it did not give all of its people: nothing was done then
 */
export async function sync(tools: SyncTools, request: SyncRequest): Promise<SyncOutcome> {
  if (request.dryRun) return { answer: view(await planned(tools), request.confirm), done: [] };
  return alone(tools, 'sync/lease', LEASE_MS, () => carriedOut(tools, request));
}

async function carriedOut(tools: SyncTools, { confirm }: SyncRequest): Promise<SyncOutcome> {
  const deadline = tools.clock.now() + BUDGET_MS;
  const plan = await planned(tools);
  const answer = view(plan, confirm);
  if (answer.stopped) {
    await tellAdmins(tools, answer);
    return { answer, done: [] };
  }
  const results: Result[] = [];
  for (let start = 0; start < plan.actions.length; start += AT_ONCE) {
    const some = plan.actions.slice(start, start + AT_ONCE);
    const late = tools.clock.now() > deadline;
    results.push(...(late ? some.map(leave) : await each(some, (one) => outcomeOf(tools, one))));
  }
  await remember(tools, plan.acquaintances, deadline);
  const done = results.flatMap((result) => (result.done ? [result.done] : []));
  return { answer: { ...answer, actions: results.map(({ line }) => line) }, done };
}

/** The fleet first: an agent that is made meanwhile is not judged by an older list of people. */
async function planned(tools: SyncTools): Promise<SyncPlan> {
  const fleet = (await Promise.all((await tools.fleet.all()).map(membersOf))).flat();
  const directory = await tools.directory();
  const people = await directory.everybody();
  return planSync(await completed(directory, people, fleet), fleet, tools.rules);
}

async function membersOf(cell: Tools): Promise<readonly Member[]> {
  return (await everyRecord(cell)).flatMap(({ id, secret }): Member[] => {
    const name = agentIn(id, secret);
    const user = secret.annotations[ANNOTATION_USER];
    if (!name || user === undefined) return [];
    const { life } = intentOf({ configSecret: secret });
    const { [ANNOTATION_FOLLOWED]: followed, [ANNOTATION_PERSON]: person } = secret.annotations;
    return [{ name, user, life, followed, person }];
  });
}

/**
 * Whoever is missing from the list is asked for by name: a person whose address was changed still
 * answers to their id (or the old address), and one whom the list forgot is not gone.
 */
async function completed(
  directory: Directory,
  people: readonly DirectoryPerson[],
  fleet: readonly Member[],
): Promise<readonly DirectoryPerson[]> {
  const found = await each(absentees(people, fleet), async ({ user, key }) => {
    const person = await directory.person(key);
    return person ? [{ ...person, email: user, primary: person.email }] : [];
  });
  return [...people, ...found.flat()];
}

const lineOf = (action: SyncAction): Pick<Synced, 'action' | 'user' | 'agent'> => ({
  action: action.action,
  user: action.user,
  ...(action.action === 'provision' ? {} : { agent: action.agent }),
});

function view({ actions, unfollowed, removals, limit, confirm }: SyncPlan, given?: string) {
  const stopped = removals > limit && given !== confirm ? { removals, limit, confirm } : undefined;
  return {
    ...(stopped ? { stopped } : {}),
    actions: actions.map((action): Synced => ({ ...lineOf(action), outcome: 'planned' })),
    unfollowed: [...unfollowed],
  };
}

interface Result {
  readonly line: Synced;
  readonly done?: Done;
}

const leave = (action: SyncAction): Result => ({ line: { ...lineOf(action), outcome: 'left' } });

/** One agent's trouble is not another's: nor is one that nobody foresaw, as what was done has to be on record. */
async function outcomeOf(tools: SyncTools, action: SyncAction): Promise<Result> {
  try {
    const { agent, change } = await act(tools, action);
    const line: Synced = { ...lineOf(action), agent, outcome: 'done' };
    return { line, done: { what: `sync.${action.action}`, agent, change } };
  } catch (error) {
    return { line: { ...lineOf(action), outcome: 'failed', reason: reasonOf(error) } };
  }
}

async function act(tools: SyncTools, action: SyncAction) {
  const { policy } = tools.rules;
  if (action.action === 'provision') {
    const wanted = {
      ...readRequest(policy, action.request),
      followed: PENDING,
      person: action.person,
    };
    const made = await provisionIn(tools.fleet, wanted, false);
    if (made.kind === 'plan') throw new Error('a sync makes no dry runs of agents');
    await markFollowed(made.tools, made.agent.name, action.followed);
    return { agent: made.agent.name, change: made.change };
  }
  const { agent } = action;
  const change = {
    revoke: () => revoke,
    deprovision: () => deprovision,
    update: () => followed(agent, policy, action.action === 'update' ? action.fields : {}),
  }[action.action]();
  const cell = await tools.fleet.of(agent);
  if (action.action === 'update') await demandAccountFor(tools.fleet, agent, change);
  const outcome = await carryOut(cell, agent, change, false);
  if (outcome.kind === 'plan') throw new Error('a sync makes no dry runs of agents');
  if (action.action === 'update') await markFollowed(cell, agent, action.followed);
  return { agent, change: outcome.change };
}
