import fc from 'fast-check';
import { labelsOf, SHARED_KEY_SECRET, serviceAccountEmail } from '../../contracts/names.ts';
import { canonicalJson } from '../../functions/core/canonical.ts';
import { serviceAccountMark } from '../../functions/core/foreign.ts';
import { metadataOf } from '../../functions/core/instance.ts';
import { ANNOTATION_INTENT, firstIntent, formatIntent } from '../../functions/core/intent.ts';
import type { Observed } from '../../functions/core/observed.ts';
import { planFor } from '../../functions/core/plan.ts';
import { type Policy, withMember } from '../../functions/core/policy.ts';
import type { Desired, Step } from '../../functions/core/step.ts';
import { ANNOTATION_SUMMARY, formatSummary } from '../../functions/core/summary.ts';
import { ALLISON, DOCUMENT, PROJECT, SETTINGS } from './fixtures.ts';

const DESIRED: Desired = {
  name: ALLISON,
  project: PROJECT,
  zone: SETTINGS.zone,
  since: 0,
  document: DOCUMENT,
  now: Date.parse('2026-11-20T12:00:00Z'),
  intent: firstIntent(DOCUMENT, 'request-1', 0),
  metadata: metadataOf(SETTINGS, ALLISON, ''),
};
const SHARED: Policy = { etag: 'e', bindings: [] };
const ids = (steps: readonly Step[]) => steps.map((step) => step.id);
const secret = () => ({ labels: labelsOf(ALLISON), annotations: {}, etag: 'e' });

/** A model of Google: what each step leaves behind. */
function after(observed: Observed, step: Step): Observed {
  const grant = (policy: Policy | undefined) =>
    step.grant ? withMember(policy, step.grant.roles, step.grant.member) : policy;
  const version = String(Number(observed.config?.version ?? 0) + 1);
  const told = observed.config?.version ?? '';
  switch (step.id) {
    case 'service-account': {
      const email = serviceAccountEmail(ALLISON, PROJECT);
      return { ...observed, serviceAccount: { email, description: serviceAccountMark(ALLISON) } };
    }
    case 'key-secret':
      return { ...observed, keySecret: secret() };
    case 'config-version':
      return { ...observed, config: { version, payload: canonicalJson(DOCUMENT) } };
    case 'config-access':
      return { ...observed, configPolicy: grant(observed.configPolicy) };
    case 'key-access':
      return { ...observed, keyPolicy: grant(observed.keyPolicy) };
    case 'backup-secret':
      return { ...observed, backupSecret: secret() };
    case 'backup-access':
      return { ...observed, backupPolicy: grant(observed.backupPolicy) };
    case 'channels-secret':
      return { ...observed, channelsSecret: secret() };
    case 'channels-access':
      return { ...observed, channelsPolicy: grant(observed.channelsPolicy) };
    case 'shared-key-access':
      return { ...observed, sharedKeyPolicy: grant(observed.sharedKeyPolicy) };
    case 'config-secret':
    case 'intent': {
      const annotations = {
        [ANNOTATION_INTENT]: formatIntent(DESIRED.intent),
        [ANNOTATION_SUMMARY]: formatSummary(DOCUMENT),
      };
      return { ...observed, configSecret: { ...secret(), annotations } };
    }
    case 'instance':
    case 'announce':
      return {
        ...observed,
        instance: {
          name: 'agent-allison',
          status: 'RUNNING',
          labels: labelsOf(ALLISON),
          metadata: metadataOf(SETTINGS, ALLISON, told),
          metadataFingerprint: 'f',
          startedAt: undefined,
        },
      };
    default:
      throw new Error(`${step.id} is not a step of a provision`);
  }
}

const applyAll = (observed: Observed, steps: readonly Step[]) => steps.reduce(after, observed);
const FRESH: Observed = { sharedKeyPolicy: SHARED };
const DONE = applyAll(FRESH, planFor('provision', DESIRED, FRESH));

describe('the plan of a provision', () => {
  test('for a new person, everything, the VM last', () => {
    expect(ids(planFor('provision', DESIRED, FRESH))).toEqual([
      'service-account',
      'config-secret',
      'key-secret',
      'config-version',
      'config-access',
      'key-access',
      'shared-key-access',
      'instance',
    ]);
  });

  test('the longest chain of needs is three, so that with the observation it takes four round trips', () => {
    const steps = planFor('provision', DESIRED, FRESH);
    const depth = (id: string): number => {
      const step = steps.find((each) => each.id === id);
      return 1 + Math.max(0, ...(step?.needs ?? []).map(depth));
    };
    expect(Math.max(...steps.map((step) => depth(step.id)))).toBe(3);
  });

  test('a bundle that was deployed since is told to the VM, and the document stays', () => {
    const settings = { ...SETTINGS, bundleSha256: 'b'.repeat(64) };
    const desired = { ...DESIRED, metadata: metadataOf(settings, ALLISON, '') };
    expect(ids(planFor('provision', desired, DONE))).toEqual(['announce']);
  });

  test('what is there already is not done again', () => {
    expect(planFor('provision', DESIRED, DONE)).toEqual([]);
  });

  test.each<[string, Partial<Observed>, readonly string[]]>([
    ['no shared key in this organisation', { sharedKeyPolicy: undefined }, []],
    [
      'the VM is gone, its data disk is there',
      { instance: undefined, dataDisk: { labels: labelsOf(ALLISON) } },
      ['instance'],
    ],
    [
      'the VM is being created',
      { instance: undefined, operation: { kind: 'insert', done: false, errors: [] } },
      [],
    ],
    [
      'the insert failed',
      {
        instance: undefined,
        operation: { kind: 'insert', done: true, errors: [{ code: 'STOCKOUT', message: '' }] },
      },
      ['instance'],
    ],
    [
      'a lost key secret',
      { keySecret: undefined, keyPolicy: undefined },
      ['key-secret', 'key-access'],
    ],
    ['a config secret without a version', { config: undefined }, ['config-version', 'announce']],
    [
      'a version that is no JSON',
      { config: { version: '3', payload: '{' } },
      ['config-version', 'announce'],
    ],
    // A new document that was not written before the waiting would be forgotten after it (steer.ts).
    [
      'a change while the VM goes down',
      {
        config: { version: '1', payload: canonicalJson({ ...DOCUMENT, budget: 1 }) },
        operation: { kind: 'stop', done: false, errors: [] },
        instance: { ...(DONE.instance as NonNullable<Observed['instance']>), status: 'STOPPING' },
      },
      ['config-version', 'settle'],
    ],
    ['somebody took a right away', { keyPolicy: SHARED }, ['key-access']],
  ])('%s', (_title, change, expected) => {
    expect(ids(planFor('provision', DESIRED, { ...DONE, ...change }))).toEqual(expected);
  });

  test('the same document in another form (defaults left out, other order) is the same', () => {
    const seed = {
      budget: 50,
      whatsappNumber: '+15559876543',
      model: 'claude-opus-4-6',
      userPhone: '+15551234567',
      user: 'Allison@nine30.com',
    };
    const config = { version: DONE.config?.version ?? '', payload: JSON.stringify(seed) };
    expect(planFor('provision', DESIRED, { ...DONE, config })).toEqual([]);
  });

  test('a changed document adds a version and tells the VM', () => {
    const changed = { ...DESIRED, document: { ...DOCUMENT, budget: 70 } };
    const intent = firstIntent(changed.document, 'request-2', 0);
    expect(ids(planFor('provision', { ...changed, intent }, DONE))).toEqual([
      'intent',
      'config-version',
      'announce',
    ]);
  });

  test('grants are exact: config and shared key to read, its own key to manage, nothing else', () => {
    const grants = planFor('provision', DESIRED, FRESH).flatMap((step) => step.grant ?? []);
    const email = serviceAccountEmail(ALLISON, PROJECT);
    expect(grants.map(({ secret: on, roles, member }) => [on, roles, member])).toEqual([
      ['agent-allison-config', ['roles/secretmanager.secretAccessor'], `serviceAccount:${email}`],
      [
        'agent-allison-api-key',
        ['roles/secretmanager.secretAccessor', 'roles/secretmanager.secretVersionManager'],
        `serviceAccount:${email}`,
      ],
      [SHARED_KEY_SECRET, ['roles/secretmanager.secretAccessor'], `serviceAccount:${email}`],
    ]);
  });

  const foreign = { labels: { owner: 'somebody' }, annotations: {}, etag: 'e' };
  test.each<[string, Observed]>([
    ['config secret', { configSecret: foreign }],
    ['key secret', { keySecret: foreign }],
    ['disk', { dataDisk: foreign }],
    ['service account', { serviceAccount: { email: 'x', description: 'mine' } }],
    [
      'label of another agent',
      { keySecret: { ...foreign, labels: { ...labelsOf(ALLISON), 'agents-plane-agent': 'bob' } } },
    ],
  ])('a foreign %s is refused, never adopted', (_title, observed) => {
    expect(() => planFor('provision', DESIRED, { ...FRESH, ...observed })).toThrow(
      expect.objectContaining({ code: 'FAILED_PRECONDITION' }),
    );
  });

  test('property: any part of a plan, in any order its needs allow, then the rest: all is done', () => {
    const order = fc.array(fc.nat(), { minLength: 0, maxLength: 40 });
    fc.assert(
      fc.property(order, (choices) => {
        let observed = FRESH;
        const steps = planFor('provision', DESIRED, FRESH);
        const done = new Set<string>();
        for (const choice of choices.slice(0, choices.length % 9)) {
          const ready = steps.filter((s) => !done.has(s.id) && s.needs.every((id) => done.has(id)));
          const step = ready[choice % Math.max(1, ready.length)];
          if (!step) break;
          observed = after(observed, step);
          done.add(step.id);
        }
        const rest = planFor('provision', DESIRED, observed);
        expect(rest.filter((step) => done.has(step.id))).toEqual([]);
        expect(planFor('provision', DESIRED, applyAll(observed, rest))).toEqual([]);
      }),
    );
  });
});

describe('policies', () => {
  test('a conditional grant does not count, and is kept', () => {
    const condition = { expression: 'false' };
    const policy: Policy = {
      etag: 'e',
      version: 3,
      bindings: [{ role: 'r', members: ['m'], condition }],
    };
    expect(withMember(policy, ['r'], 'm')).toEqual({
      ...policy,
      bindings: [...policy.bindings, { role: 'r', members: ['m'] }],
    });
  });

  test('other members and roles stay', () => {
    const policy: Policy = {
      etag: 'e',
      bindings: [
        { role: 'r', members: ['a'] },
        { role: 's', members: ['b'] },
      ],
    };
    expect(withMember(policy, ['r', 's'], 'b').bindings).toEqual([
      { role: 'r', members: ['a', 'b'] },
      { role: 's', members: ['b'] },
    ]);
  });
});
