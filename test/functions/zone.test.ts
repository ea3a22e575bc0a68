/** Which zone an agent is in or is tried in next, as a pure function (core/zone.ts). */

import { labelsOf } from '../../contracts/names.ts';
import {
  ANNOTATION_INTENT,
  firstIntent,
  formatIntent,
  type Intent,
} from '../../functions/core/intent.ts';
import type { DiskState, Observed, OperationState } from '../../functions/core/observed.ts';
import {
  isNowhere,
  moveLeft,
  ofThisLife,
  orderOf,
  placed,
  zonesWith,
} from '../../functions/core/zone.ts';
import { ALLISON, DOCUMENT } from './fixtures.ts';

const [B, C, D] = ['europe-west1-b', 'europe-west1-c', 'europe-west1-d'] as const;
const ZONES = [D, 'us-central1-a', C, B, 'europe-west1-ai1a'];
const at = (second: number): string =>
  new Date(Date.UTC(2026, 10, 20, 10, 0, second)).toISOString();
const NOW = Date.UTC(2026, 10, 20, 10, 0, 30);

const INTENT = firstIntent(DOCUMENT, 'request-1', NOW);
const ranOut = (second: number, code = 'ZONE_RESOURCE_POOL_EXHAUSTED'): OperationState => ({
  kind: 'insert',
  done: true,
  at: at(second),
  endedAt: at(second + 2),
  errors: [{ code, message: '' }],
});
const disk = (second: number, inUse = false): DiskState => ({
  labels: labelsOf(ALLISON),
  createdAt: at(second),
  inUse,
});
const nothing = (zone: string, operation: OperationState): Observed => ({
  zone,
  zones: ZONES,
  operation,
});
const placeOf = (intent: Intent, observed: Observed, begins = true) => {
  const { zone, after } = placed(intent, observed, B, begins);
  return [zone, after];
};

test('the zones of the region, the plane’s first, no other region’s and none that is not for everybody', () => {
  expect(orderOf(ZONES, C)).toEqual([C, D, B]);
  expect(orderOf([], C)).toEqual([C]);
});

describe('an agent of which nothing is there', () => {
  test.each([
    'ZONE_RESOURCE_POOL_EXHAUSTED',
    'ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS',
    'STOCKOUT',
  ])('goes on after %s', (code) => {
    expect(placeOf(INTENT, nothing(B, ranOut(5, code)))).toEqual([C, at(5)]);
  });

  test('goes on from the zone that it is in, and after the last one begins anew, if a request begins', () => {
    const inC = { ...INTENT, zone: C, after: at(5) };
    const inD = { ...INTENT, zone: D, after: at(9) };
    expect(placeOf(inC, nothing(C, ranOut(9)))).toEqual([D, at(9)]);
    expect(placeOf(inD, nothing(D, ranOut(12)))).toEqual([undefined, at(12)]);
    expect(placeOf(inD, nothing(D, ranOut(12)), false)).toEqual([D, at(9)]);
  });

  test.each<[string, Observed]>([
    ['another error', nothing(B, ranOut(5, 'QUOTA_EXCEEDED'))],
    ['a VM that could not be started', nothing(B, { ...ranOut(5), kind: 'start' })],
    ['a try under way', nothing(B, { ...ranOut(5), done: false })],
    ['zones that nobody looked at', { ...nothing(B, ranOut(5)), zones: undefined }],
    ['a disk that the try left', { ...nothing(B, ranOut(5)), leftovers: [{ name: 'x', zone: B }] }],
    ['a data disk', { ...nothing(B, ranOut(5)), dataDisk: disk(1) }],
  ])('stays with %s', (_what, observed) => {
    expect(placeOf(INTENT, observed)).toEqual([undefined, undefined]);
  });

  test('stays where it was sent after an older try there', () => {
    const sent = { ...INTENT, zone: C, after: at(9) };
    expect(placeOf(sent, nothing(C, ranOut(5)))).toEqual([C, at(9)]);
  });

  test('stays while it is not to run', () => {
    expect(placeOf({ ...INTENT, life: 'stopped' }, nothing(B, ranOut(5)))).toEqual([
      undefined,
      undefined,
    ]);
  });
});

test('where something of it was found is on record, and the plane’s own zone is not', () => {
  expect(placeOf(INTENT, { zone: D, dataDisk: disk(1) })).toEqual([D, undefined]);
  expect(placeOf({ ...INTENT, zone: D }, { zone: B, dataDisk: disk(1) })).toEqual([
    undefined,
    undefined,
  ]);
});

test.each<[string, DiskState, boolean]>([
  ['made by the try', disk(6), true],
  ['made by the try, and in use', disk(6, true), false],
  ['older than the try', disk(4), false],
  ['made after the try', disk(8), false],
  ['of an unknown age', { labels: {} }, false],
])('a data disk %s', (_what, dataDisk, gone) => {
  expect(isNowhere({ dataDisk, operation: ranOut(5) })).toBe(gone);
  const made: OperationState = { ...ranOut(5), errors: [] };
  expect(isNowhere({ dataDisk, operation: made })).toBe(false);
});

test('a data disk elsewhere counts before a VM elsewhere; what has another name does not', () => {
  const instances = [{ name: 'agent-allison', zone: C }];
  const data = { name: 'agent-allison-data', zone: D };
  const spare = { name: 'agent-allison-old', zone: C };
  const of = (disks: readonly { name: string; zone: string }[]) =>
    zonesWith(ALLISON, { instances, disks, zones: ZONES }, B);
  expect(of([spare, data])).toEqual([D]);
  expect(of([spare])).toEqual([C]);
  expect(of([{ ...data, zone: B }])).toEqual([C]);
});

test('what an earlier agent of the same name met is nothing to this one', () => {
  const record = { labels: {}, annotations: {}, etag: 'e', createdAt: at(7) };
  expect(ofThisLife({ operation: ranOut(5) }, record).operation).toBeUndefined();
  expect(ofThisLife({ operation: ranOut(8) }, record).operation).toEqual(ranOut(8));
  expect(ofThisLife({ operation: ranOut(5) }, undefined).operation).toEqual(ranOut(5));
});

describe('after it was sent to another zone', () => {
  const sent = (operation?: OperationState): Observed => {
    const intent = { ...INTENT, zone: C, after: at(5) };
    const annotations = { [ANNOTATION_INTENT]: formatIntent(intent) };
    return { zone: C, operation, configSecret: { labels: {}, annotations, etag: 'e' } };
  };

  test('the rest of the lease is waited for, once', () => {
    expect(moveLeft(sent(), NOW + 1000)).toBe(7000);
    expect(moveLeft(sent(), NOW + 8000)).toBe(0);
    expect(moveLeft(sent(ranOut(3)), NOW)).toBe(8000);
    expect(moveLeft(sent(ranOut(9)), NOW)).toBe(0);
    expect(moveLeft({ ...sent(), dataDisk: disk(9) }, NOW)).toBe(0);
    expect(moveLeft({}, NOW)).toBe(0);
  });
});
