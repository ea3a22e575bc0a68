/** The meter against the real gateway, with a model that says what its answers cost. */

import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { UsageAnswer, UsageReport } from '../../contracts/vm-api.ts';
import { fetchKeyCommand } from '../../vm-bootstrap/commands/fetch-key.ts';
import { forgetKeyCommand } from '../../vm-bootstrap/commands/forget-key.ts';
import { look, type Meter, meterOf } from '../../vm-bootstrap/commands/meter.ts';
import { reloadKeyCommand } from '../../vm-bootstrap/commands/reload-key.ts';
import { type Cloud, GOOD_KEY, SHARED, startConfiguredCloud } from './support/cloud.ts';
import {
  bootGateway,
  bootstrapMachine,
  startGateway,
  stopGateway,
  type TestMachine,
  turn as turnOf,
} from './support/machine.ts';

const PORT = 20_170;
/** claude-sonnet-4-6: 3 USD a million tokens in, 15 out. */
const TURN_USD = 1 * 3 + 0.2 * 15;

let cloud: Cloud;
let machine: TestMachine;
let gateway: ChildProcess;
let meter: Meter;

beforeAll(async () => {
  cloud = await startConfiguredCloud();
  cloud.model.script(() => ({
    text: 'Dear answer.',
    toolCalls: [],
    usage: { input: 1_000_000, output: 200_000 },
  }));
  await cloud.createSecret(SHARED, 'secretAccessor');
  await cloud.addVersion(SHARED, GOOD_KEY);
  machine = await bootstrapMachine(cloud, PORT);
  gateway = await bootGateway(machine);
  meter = meterOf(machine.host, machine.layout, undefined);
}, 300_000);

afterAll(async () => {
  await stopGateway(gateway);
  machine.remove();
  await cloud.close();
}, 240_000);

/** @returns what the agent answered; undefined for an error */
const turn = async (text: string) => (await turnOf(machine, text)).answer;

/** What the plane is made to answer from now on. */
function planeSays(withdrawn: boolean): void {
  cloud.answers['/v1/self/usage'] = ({ month, usd }: UsageReport): UsageAnswer => ({
    month,
    usd: usd ?? 0,
    limit: 50,
    withdrawn,
  });
}
const reports = (): UsageReport[] =>
  cloud.bodies
    .filter(({ path }) => path === '/v1/self/usage')
    .map(({ body }) => JSON.parse(body) as UsageReport);
/** Looks are a minute apart; two within a second would ask the same question (`usageQuery`). */
async function nextLook(first: boolean): Promise<void> {
  await machine.host.sleep(1_000);
  await look(meter, first);
}
/** As the unit does, until the gateway has a fresh figure: on a busy machine not every look has one. */
async function looksUntil(seen: () => boolean): Promise<void> {
  const deadline = performance.now() + 120_000;
  do await nextLook(false);
  while (!seen() && performance.now() < deadline);
}
/** agents-plane-key.path and .service. */
async function answerRequest(): Promise<void> {
  expect(existsSync(machine.layout.keyRequest)).toBe(true);
  machine.host.remove(machine.layout.keyRequest);
  expect(await reloadKeyCommand(machine.host, machine.layout)).toBe(0);
}
const modelCalls = () => cloud.model.requests.filter(({ status }) => status === 200).length;

test('what turns cost is reported, to the cent, and only when it changed', async () => {
  planeSays(false);
  await nextLook(true);
  expect(reports()).toEqual([
    { month: expect.stringMatching(/^\d{4}-\d{2}$/), usd: 0, key: 'shared' },
  ]);
  expect(await turn('hello')).toBe('Dear answer.');
  const calls = modelCalls();
  await looksUntil(() => (reports().at(-1)?.usd ?? 0) > 0);
  expect(reports().at(-1)?.usd).toBeCloseTo(calls * TURN_USD, 6);
  const known = reports().length;
  await nextLook(false);
  expect(reports()).toHaveLength(known);
}, 300_000);

test('withdrawn: the running gateway loses the key, stays up, and no turn reaches the model', async () => {
  planeSays(true);
  const { pid } = gateway;
  expect(await turn('once more')).toBe('Dear answer.');
  await looksUntil(() => existsSync(machine.layout.keyRequest));
  await answerRequest();
  const before = modelCalls();
  expect(await turn('and again')).toMatch(/^This month's budget of \$50 is used up/);
  expect(modelCalls()).toBe(before);
  expect([gateway.pid, gateway.exitCode]).toEqual([pid, null]);
  expect(readFileSync(machine.layout.keyOrigin, 'utf8')).toBe('withdrawn');
  expect(cloud.statuses.at(-1)).toMatchObject({ state: 'ready', key: 'none' });
}, 300_000);

test('a gateway that starts meanwhile starts without a key', async () => {
  await stopGateway(gateway);
  expect(await fetchKeyCommand(machine.host, machine.layout)).toBe(0);
  expect(readFileSync(machine.layout.keyFile, 'utf8')).not.toBe(GOOD_KEY);
  gateway = startGateway(machine);
  expect(await forgetKeyCommand(machine.host, machine.layout)).toBe(0);
}, 200_000);

test('allowed again: the key comes back without a restart', async () => {
  planeSays(false);
  const { pid } = gateway;
  await looksUntil(() => existsSync(machine.layout.keyRequest));
  await answerRequest();
  const before = modelCalls();
  expect(await turn('back?')).toBe('Dear answer.');
  expect(modelCalls()).toBeGreaterThan(before);
  expect([gateway.pid, gateway.exitCode]).toEqual([pid, null]);
}, 300_000);

test('while turns run without a pause, a fresh figure is still had', async () => {
  let running = true;
  const talking = (async () => {
    for (let count = 0; running; count++) await turn(`talk ${count}`);
  })();
  const known = reports().length;
  const startedAt = performance.now();
  await nextLook(false);
  const tookMs = performance.now() - startedAt;
  running = false;
  await talking;
  expect(reports().length).toBe(known + 1);
  // 2 s on a quiet machine; a busy one must not be told from a meter that starves.
  expect(tookMs).toBeLessThan(60_000);
}, 300_000);
