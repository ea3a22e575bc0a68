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

export const AGENTS = ['allison', 'bo'] as const;
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

export const verb: fc.Arbitrary<Verb> = fc.oneof(
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

export const FAILURES = [
  '429',
  '500',
  '503',
  'stockout',
  'lost',
  'killed',
  'killed-after',
] as const;
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
  readonly call: number;
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
    const here = armed?.call === count ? armed : undefined;
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
  const zone = `/compute/v1/${project}/zones/${LOCAL.zone}`;
  const now = await everythingIn(google);
  for (const { name } of now.instances) await owner('DELETE', `${zone}/instances/${name}`);
  await google.compute.operations.idle();
  for (const { name } of (await everythingIn(google)).disks) {
    await owner('DELETE', `${zone}/disks/${name}`);
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
  wire.onStockout(() => compute.stockouts.add(LOCAL.zone));

  /** As an admin does: until it is done. */
  const repeat = async ({ method, path, body }: Verb): Promise<Answered> => {
    compute.stockouts.clear();
    await compute.operations.idle();
    const answer = await plane.call(method, path, body);
    await compute.operations.idle();
    return answer;
  };

  const chapter = async (verb: Verb, armed: Armed | undefined): Promise<Chapter> => {
    wire.arm(armed);
    let answer = await plane.call(verb.method, verb.path, verb.body);
    await compute.operations.idle();
    const { count, dead } = wire.disarm();
    if (dead) plane.restart();
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
      chapters.map(({ verb: title, good, after }) => ({ title, good, after }));
    try {
      expect(told(crooked)).toEqual(told(straight));
    } catch (error) {
      throw new Error(`${failure} at call ${call}: ${error instanceof Error ? error.message : ''}`);
    }
  }
  return chaos.hits() - before;
}
