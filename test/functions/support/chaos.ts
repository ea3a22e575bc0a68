/**
 * "Nothing orphaned": the same verbs once without and once with failures come to the same.
 *
 * A failure meets one call of the plane to Google, at every boundary in turn: call 0 of every
 * verb in one run, call 1 in the next, and so on. Then the verb is sent again, as an admin would.
 */

import fc from 'fast-check';
import { SHARED_KEY_SECRET } from '../../../contracts/names.ts';
import type { Fault, FaultHook } from '../../../local/google/gate.ts';
import { LOCAL, PLANE_ACCOUNT } from '../../../local/plane/settings.ts';
import { type Answered, send } from '../harness.ts';
import { type InProcess, startInProcess } from './in-process.ts';
import { type Everything, everythingIn } from './inventory.ts';

const AGENTS = ['allison', 'bo'] as const;
const PHONES = { allison: '+15551234567', bo: '+15557654321' } as const;

export interface Verb {
  readonly agent: (typeof AGENTS)[number];
  readonly what: string;
  readonly method: 'POST' | 'PATCH';
  readonly path: string;
  readonly body?: object;
}

const uuid = (n: number): string => `11111111-1111-4111-8111-${String(n).padStart(12, '0')}`;

const agent = fc.constantFrom(...AGENTS);
const budget = fc.constantFrom(50, 60, 70);
const id = fc.integer({ min: 1, max: 1_000_000 }).map(uuid);
const on = (name: string, action: string): string => `/v1/agents/${name}/${action}`;

const plain = (what: string): fc.Arbitrary<Verb> =>
  agent.map((name) => ({ agent: name, what, method: 'POST', path: on(name, what) }));
const once = (what: string): fc.Arbitrary<Verb> =>
  fc.tuple(agent, id).map(([name, requestId]) => ({
    agent: name,
    what,
    method: 'POST',
    path: on(name, what),
    body: { requestId },
  }));
const provision: fc.Arbitrary<Verb> = fc.tuple(agent, budget).map(([name, usd]) => ({
  agent: name,
  what: 'provision',
  method: 'POST',
  path: '/v1/agents',
  body: { user: `${name}@nine30.com`, userPhone: PHONES[name], budget: usd },
}));
const update: fc.Arbitrary<Verb> = fc.tuple(agent, budget).map(([name, usd]) => ({
  agent: name,
  what: 'update',
  method: 'PATCH',
  path: `/v1/agents/${name}`,
  body: { budget: usd },
}));

const verb: fc.Arbitrary<Verb> = fc.oneof(
  { weight: 3, arbitrary: provision },
  { weight: 2, arbitrary: update },
  ...['stop', 'start', 'deprovision', 'reconcile'].map(plain),
  once('restart'),
  once('rebuild'),
  { weight: 2, arbitrary: plain('purge') },
);

/** Begins with a provision, or most verbs would find nothing. */
export const story = (length: number): fc.Arbitrary<readonly Verb[]> =>
  fc
    .tuple(provision, fc.array(verb, { minLength: length - 1, maxLength: length - 1 }))
    .map(([first, rest]) => [first, ...rest]);

const FAILURES = ['429', '500', '503', 'stockout', 'lost', 'killed', 'killed-after'] as const;
export type Failure = (typeof FAILURES)[number];

const BEFORE: Readonly<Partial<Record<Failure, Fault>>> = {
  '429': { when: 'before', status: 'RESOURCE_EXHAUSTED' },
  '500': { when: 'before', status: 'INTERNAL' },
  '503': { when: 'before', status: 'UNAVAILABLE' },
  lost: { when: 'after', status: 'UNAVAILABLE' },
};

/** What a dead process could not have received; nothing that the plane tries again at. */
const deadAt = (when: Fault['when']): Fault => ({ when, status: 'PERMISSION_DENIED' });

interface Armed {
  readonly failure: Failure;
  /** Its number from 0, or the one that makes a VM. */
  readonly call: number | 'insert';
  /** Meets the same verb when it is sent again, in the same zones without room. */
  readonly then?: Armed;
}

/** Counts the plane's calls, and lets one of them fail. */
export function saboteur() {
  let armed: Armed | undefined;
  let count = 0;
  let dead = false;
  let hits = 0;
  let outOfStock: () => void = () => undefined;
  const strike = (failure: Failure, method: string): Fault | undefined => {
    hits += 1;
    if (failure === 'killed' || failure === 'killed-after') {
      dead = true;
      return deadAt(failure === 'killed' ? 'before' : 'after');
    }
    const powers = /Instances\.(Insert|Start)$/.test(method);
    if (failure !== 'stockout') return BEFORE[failure];
    if (powers) outOfStock();
    // Only these can meet one; any other call meets the next best thing.
    return powers ? undefined : BEFORE['503'];
  };
  const hook: FaultHook = ({ method, principal }) => {
    if (principal !== `serviceAccount:${PLANE_ACCOUNT}`) return undefined;
    if (dead) return deadAt('before');
    const isInsert = method.endsWith('Instances.Insert');
    const meets = armed?.call === 'insert' ? isInsert : armed?.call === count;
    const here = meets ? armed : undefined;
    count += 1;
    return here && strike(here.failure, method);
  };
  return {
    hook,
    onStockout: (run: () => void) => {
      outOfStock = run;
    },
    arm: (next: Armed | undefined) => {
      armed = next;
      count = 0;
      dead = false;
    },
    disarm: () => {
      const seen = { count, dead };
      armed = undefined;
      dead = false;
      return seen;
    },
    get hits() {
      return hits;
    },
  };
}

const isGood = ({ status }: Answered): boolean => status === 200 || status === 202;

export interface Chaos {
  readonly plane: InProcess;
  /** The state after each verb, and how many calls each took. */
  run(verbs: readonly Verb[], armed?: Armed): Promise<readonly Chapter[]>;
  /** After some verbs, two at the same time. @returns which of the two were done, and the state */
  atOnce(before: readonly Verb[], both: readonly [Verb, Verb]): Promise<AtOnce>;
  readonly hits: () => number;
  close(): Promise<void>;
}

export interface AtOnce {
  readonly statuses: readonly number[];
  readonly after: Everything;
}

export interface Chapter {
  readonly verb: string;
  readonly good: boolean;
  readonly calls: number;
  readonly after: Everything;
}

/** Empties the project by its owner's hands. */
async function wipe({ google }: InProcess): Promise<void> {
  const { accessToken } = google.tokens.access(`user:${LOCAL.admin}`);
  const project = `projects/${LOCAL.project.id}`;
  const owner = (method: string, path: string, body?: object) =>
    send(`${google.restUrl}${path}`, method, accessToken, body);
  const zones = `/compute/v1/${project}/zones`;
  const now = await everythingIn(google);
  for (const { name, zone } of now.instances) {
    await owner('DELETE', `${zones}/${zone}/instances/${name}`);
  }
  await google.compute.operations.idle();
  for (const { name, zone } of (await everythingIn(google)).disks) {
    await owner('DELETE', `${zones}/${zone}/disks/${name}`);
  }
  for (const { email } of now.accounts)
    await owner('DELETE', `/v1/${project}/serviceAccounts/${email}`);
  for (const secret of Object.keys(now.secrets)) {
    if (secret === SHARED_KEY_SECRET) continue;
    await owner('DELETE', `/v1/${project}/secrets/${secret}`);
  }
  const shared = `/v1/${project}/secrets/${SHARED_KEY_SECRET}:setIamPolicy`;
  await owner('POST', shared, { policy: { bindings: [] } });
  await google.compute.operations.idle();
}

export async function startChaos(time: 'virtual' | 'real' = 'virtual'): Promise<Chaos> {
  const wire = saboteur();
  const plane = await startInProcess(wire.hook, time);
  const { compute } = plane.google;
  // Where Google leaves behind what it had made is the worse case of the two.
  wire.onStockout(() => compute.stockouts.add(LOCAL.zone) && compute.untidy.add(LOCAL.zone));

  /** As an admin does: until it is done. */
  const repeat = async ({ method, path, body }: Verb): Promise<Answered> => {
    compute.stockouts.clear();
    await compute.operations.idle();
    const answer = await plane.call(method, path, body);
    await compute.operations.idle();
    return answer;
  };

  const attempt = async ({ method, path, body }: Verb, armed: Armed | undefined) => {
    wire.arm(armed);
    const answer = await plane.call(method, path, body);
    await compute.operations.idle();
    const { count, dead } = wire.disarm();
    if (dead) plane.restart();
    return { answer, count };
  };

  const chapter = async (verb: Verb, armed: Armed | undefined): Promise<Chapter> => {
    let { answer, count } = await attempt(verb, armed);
    if (armed?.then) ({ count } = await attempt(verb, armed.then));
    if (armed) answer = await repeat(verb);
    const after = await everythingIn(plane.google);
    return { verb: `${verb.what} ${verb.agent}`, good: isGood(answer), calls: count, after };
  };

  return {
    plane,
    hits: () => wire.hits,
    async run(verbs, armed) {
      await wipe(plane);
      const chapters: Chapter[] = [];
      for (const verb of verbs) chapters.push(await chapter(verb, armed));
      return chapters;
    },
    async atOnce(before, both) {
      await wipe(plane);
      for (const verb of before) await chapter(verb, undefined);
      const answers = await Promise.all(
        both.map(({ method, path, body }) => plane.call(method, path, body)),
      );
      await compute.operations.idle();
      const after = await everythingIn(plane.google);
      return { statuses: answers.map(({ status }) => status), after };
    },
    close: plane.close,
  };
}

const NEVER = 10_000;

/**
 * A new agent whose zone has no room, and the request that takes it to the next one failing at
 * every boundary.
 * @returns how many were tried
 */
export async function tryEveryMove(chaos: Chaos, first: Verb, every = 1, from = 0) {
  const [straight] = await chaos.run([first]);
  const run = async (then: Armed): Promise<Chapter | undefined> => {
    const [crooked] = await chaos.run([first], { failure: 'stockout', call: 'insert', then });
    return crooked;
  };
  const whole = await run({ failure: 'killed', call: NEVER });
  // Else what is tried below is no move.
  expect(whole?.after.instances).not.toContainEqual(expect.objectContaining({ zone: LOCAL.zone }));
  const most = whole?.calls ?? 0;
  const before = chaos.hits();
  for (let call = from; call < most; call += every) {
    const failure = FAILURES[call % FAILURES.length] ?? 'killed';
    const crooked = await run({ failure, call });
    try {
      expect(crooked?.good).toBe(true);
      expect(crooked && anywhere(crooked.after)).toEqual(straight && anywhere(straight.after));
      expect(crooked && torn(crooked.after)).toEqual([]);
    } catch (error) {
      const why = error instanceof Error ? error.message : '';
      throw new Error(`${failure} at call ${call} of the move: ${why}`);
    }
  }
  return { most, tried: (chaos.hits() - before) / 2 };
}

/** A new agent may have found room elsewhere. */
function anywhere(all: Everything): Everything {
  const zoneless = <T extends { readonly zone: string }>(things: readonly T[]): T[] =>
    things.map((thing) => ({ ...thing, zone: 'anywhere' })).toSorted(byName);
  return { ...all, instances: zoneless(all.instances), disks: zoneless(all.disks) };
}
const byName = (a: object, b: object): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/** Agents of which something is in one zone and something in another. */
function torn({ instances, disks }: Everything): readonly string[] {
  return AGENTS.filter((name) => {
    const theirs = [...instances, ...disks].filter((it) => it.name.startsWith(`agent-${name}`));
    return new Set(theirs.map(({ zone }) => zone)).size > 1;
  });
}

/**
 * Every boundary of every verb of a story, with the failures taking turns.
 * @param first which failure begins; @param every a sample: only each n-th boundary, beginning with
 *   `from`
 * @returns how many were tried
 */
export async function tryEveryBoundary(
  chaos: Chaos,
  verbs: readonly Verb[],
  first: number,
  every = 1,
  from = 0,
): Promise<number> {
  const straight = await chaos.run(verbs);
  const most = Math.max(...straight.map(({ calls }) => calls));
  const before = chaos.hits();
  for (let call = from; call < most; call += every) {
    const failure = FAILURES[(first + call) % FAILURES.length] ?? 'killed';
    const crooked = await chaos.run(verbs, { failure, call });
    const told = (chapters: readonly Chapter[]) =>
      chapters.map(({ verb: title, good, after }) => ({ title, good, after: anywhere(after) }));
    try {
      expect(told(crooked)).toEqual(told(straight));
      for (const { after } of crooked) expect(torn(after)).toEqual([]);
    } catch (error) {
      throw new Error(`${failure} at call ${call}: ${error instanceof Error ? error.message : ''}`);
    }
  }
  return chaos.hits() - before;
}
