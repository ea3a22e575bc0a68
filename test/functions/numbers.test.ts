/** The number pool: no number twice, none lost, whatever happens in between. */

import { LOCAL } from '../../local/plane/settings.ts';
import { type Failure, saboteur } from './support/chaos.ts';
import { type InProcess, startInProcess } from './support/in-process.ts';

const NUMBERS = ['+15559870001', '+15559870002', '+15559870003'];
const DAY_MS = 86_400_000;

let plane: InProcess;
const wire = saboteur();
beforeEach(async () => {
  plane = await startInProcess(wire.hook);
});
afterEach(() => plane.close());

const post = (path: string, body: object) => plane.call('POST', path, body);
const add = (numbers: readonly string[] = NUMBERS) => post('/v1/numbers', { numbers });
async function provision(name: string, more: object = {}) {
  const user = `${name}@nine30.com`;
  const body = { user, userPhone: '+15551234567', whatsapp: { mode: 'dedicated' }, ...more };
  const answer = await post('/v1/agents', body);
  await plane.google.compute.operations.idle();
  return answer;
}
const purge = async (name: string) => {
  const answer = await post(`/v1/agents/${name}/purge`, {});
  await plane.google.compute.operations.idle();
  return answer;
};
const release = (number: string) => post('/v1/numbers/release', { number, remove: true });
const pool = async (): Promise<readonly Record<string, string>[]> =>
  (await plane.call('GET', '/v1/numbers/whole')).body.numbers;
const states = async () => (await pool()).map(({ state }) => state).sort();
/** Number in the agent's document, as its VM reads it. */
async function numberOf(name: string): Promise<string | undefined> {
  const { accessToken } = plane.google.tokens.access(`user:${LOCAL.admin}`);
  const path = `/v1/projects/${LOCAL.project.id}/secrets/agent-${name}-config/versions/latest:access`;
  const answer = await fetch(`${plane.google.restUrl}${path}`, {
    headers: { authorization: `Bearer ${accessToken}` },
  });
  if (!answer.ok) return undefined;
  const { payload } = (await answer.json()) as { payload: { data: string } };
  return JSON.parse(Buffer.from(payload.data, 'base64').toString()).whatsappNumber;
}
async function disable(secret: string, version: number): Promise<void> {
  const { accessToken } = plane.google.tokens.access(`user:${LOCAL.admin}`);
  const path = `/v1/projects/${LOCAL.project.id}/secrets/${secret}/versions/${version}:disable`;
  const headers = { authorization: `Bearer ${accessToken}` };
  const answer = await fetch(`${plane.google.restUrl}${path}`, { method: 'POST', headers });
  expect(answer.status).toBe(200);
}

test('added once however often, masked in the list; bad input changes nothing', async () => {
  expect((await add()).body.numbers).toHaveLength(3);
  expect((await add()).body.numbers).toHaveLength(3);
  const { body } = await plane.call('GET', '/v1/numbers');
  expect(body.numbers[0]).toEqual({ number: '+1555•••0001', state: 'free' });
  for (const bad of [['+15559870009', '12345'], [], ['+15559870009', null]]) {
    const { status } = await post('/v1/numbers', { numbers: bad });
    expect(status).toBe(400);
  }
  expect((await post('/v1/numbers/release', { number: '+15559870009' })).status).toBe(404);
  expect(await pool()).toHaveLength(3);
  expect(plane.log.join()).not.toMatch(/1?555987000/);
});

test('a provision that is refused draws none', async () => {
  await add(NUMBERS.slice(0, 1));
  plane.google.world.accounts.create(LOCAL.project.id, 'agent-allison');
  expect((await provision('allison')).status).toBe(412);
  expect(await states()).toEqual(['free']);
});

test('an agent gets one and keeps it; an empty pool is told; the same again changes nothing', async () => {
  await add(NUMBERS.slice(0, 1));
  const dry = await post('/v1/agents?dryRun=true', {
    ...{ user: 'allison@nine30.com', userPhone: '+15551234567', whatsapp: { mode: 'dedicated' } },
  });
  expect(dry.status).toBe(200);
  expect(await states()).toEqual(['free']);
  expect((await provision('allison')).body.whatsappNumber).toBe('+1555•••0001');
  expect((await provision('allison')).status).toBe(200);
  expect(await pool()).toEqual([{ number: NUMBERS[0], state: 'allotted', agent: 'allison' }]);
  const { status, body } = await provision('bo');
  expect([status, body.error.details[0].field]).toEqual([412, 'whatsappNumber']);
  const taken = await provision('bo', { whatsappNumber: NUMBERS[0] });
  expect([taken.status, taken.body.error.code]).toEqual([409, 'ALREADY_EXISTS']);
  expect((await plane.call('GET', '/v1/agents/bo')).status).toBe(404);
});

test('two at once never get the same', async () => {
  await add();
  const answers = await Promise.all(['allison', 'bo', 'cy'].map((name) => provision(name)));
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
  const numbers = await Promise.all(['allison', 'bo', 'cy'].map(numberOf));
  expect(numbers.sort()).toEqual(NUMBERS);
});

test('after a purge it cools off; an admin may free it before', async () => {
  await add(NUMBERS.slice(0, 1));
  await provision('allison');
  const used = await post('/v1/numbers/release', { number: NUMBERS[0] });
  expect([used.status, used.body.error.code]).toEqual([412, 'FAILED_PRECONDITION']);
  expect((await purge('allison')).status).toBe(200);
  expect(await states()).toEqual(['cooling']);
  expect((await provision('bo')).status).toBe(412);
  plane.wait(44 * DAY_MS);
  expect(await states()).toEqual(['cooling']);
  plane.wait(2 * DAY_MS);
  expect(await states()).toEqual(['free']);
  await provision('bo');
  await purge('bo');
  const freed = await post('/v1/numbers/release', { number: NUMBERS[0] });
  expect(freed.body.numbers[0].state).toBe('free');
  const gone = await post('/v1/numbers/release', { number: NUMBERS[0], remove: true });
  expect(gone.body.numbers).toEqual([]);
});

test("a number that an agent has by hand is that agent's when it is added", async () => {
  await provision('allison', { whatsappNumber: NUMBERS[0] });
  await add();
  expect((await pool())[0]).toMatchObject({ state: 'allotted', agent: 'allison' });
});

test('what is refused takes no number', async () => {
  await add(NUMBERS.slice(0, 1));
  await provision('allison', { whatsappNumber: '+15559876543' });
  const wanted = { whatsappNumber: NUMBERS[0] };
  const patch = (name: string, body: object) => plane.call('PATCH', `/v1/agents/${name}`, body);
  expect((await patch('alison', wanted)).status).toBe(404);
  expect(await states()).toEqual(['free']);
  expect((await patch('allison', wanted)).status).toBe(202);
  expect(await pool()).toMatchObject([{ state: 'allotted', agent: 'allison' }]);
  await add(NUMBERS.slice(1, 2));
  await disable('agent-allison-config', 1);
  await disable('agent-allison-config', 2);
  expect((await patch('allison', { whatsappNumber: NUMBERS[1] })).status).toBe(412);
  expect(await states()).toEqual(['allotted', 'free']);
});

test('released is not what may be in use: an agent being made, one whose config cannot be read', async () => {
  const [number = ''] = NUMBERS;
  await add([number]);
  const problem = async () => (await release(number)).body.error?.details[0].problem;
  // Dies with the number drawn and nothing in the config yet.
  wire.arm({ failure: 'killed', call: 15 });
  await provision('allison');
  wire.disarm();
  plane.restart();
  expect(await pool()).toMatchObject([{ state: 'allotted', agent: 'allison' }]);
  expect(await numberOf('allison')).toBeUndefined();
  expect(await problem()).toBe('was allotted to allison just now');
  plane.wait(DAY_MS);
  expect((await provision('allison')).status).toBe(202);
  expect(await problem()).toBe('is the number of allison');
  await disable('agent-allison-config', 1);
  expect(await problem()).toBe('is allotted to allison, whose config cannot be read');
  expect(await pool()).toMatchObject([{ state: 'allotted', agent: 'allison' }]);
});

test('another number for an agent: the old one comes back by reconcile', async () => {
  await add();
  await provision('allison', { whatsappNumber: NUMBERS[0] });
  await plane.call('PATCH', '/v1/agents/allison', { whatsappNumber: NUMBERS[1] });
  plane.wait(DAY_MS);
  expect((await post('/v1/reconcile', {})).body.numbersReturned).toBe(1);
  expect(await states()).toEqual(['allotted', 'cooling', 'free']);
});

describe('cut off at any call', () => {
  const failures: readonly Failure[] = ['killed', 'killed-after'];

  test.each(failures)(
    '%s in a provision: repeated, it is one number; not repeated, it comes back',
    async (failure) => {
      await add();
      for (let call = 12; call < 26; call += 2) {
        wire.arm({ failure, call });
        await provision('allison');
        const { dead } = wire.disarm();
        if (dead) plane.restart();
        plane.wait(DAY_MS);
        await post('/v1/reconcile', {});
        const has = await numberOf('allison');
        const mine = (await pool()).filter(({ agent }) => agent === 'allison');
        // Without a document nothing is known of what is left of it, until it is purged.
        if (has) expect(mine.map(({ number }) => number)).toEqual([has]);
        expect((await provision('allison')).status).toBeLessThan(300);
        const now = await numberOf('allison');
        const after = (await pool()).filter(({ agent }) => agent === 'allison');
        expect(after.map(({ number }) => number)).toEqual([now]);
        await purge('allison');
        expect((await states()).includes('allotted')).toBe(false);
        plane.wait(60 * DAY_MS);
      }
    },
    120_000,
  );

  /** Kills it at its first call, `step` calls later, and so on, until it comes through. */
  async function killedThroughout(
    { failure, step }: { readonly failure: Failure; readonly step: number },
    before: () => Promise<unknown>,
    verb: () => Promise<{ readonly status: number }>,
    after: () => Promise<void>,
  ): Promise<number> {
    for (let call = 0; ; call += step) {
      await before();
      wire.arm({ failure, call });
      await verb();
      const { dead } = wire.disarm();
      if (!dead) return call / step;
      plane.restart();
      // A lease of the dead request has to pass.
      plane.wait(DAY_MS);
      expect((await verb()).status).toBe(200);
      await after();
    }
  }

  test.each(failures)('%s in numbers add: repeated, each is there once', async (failure) => {
    const boundaries = await killedThroughout(
      { failure, step: 1 },
      async () => {
        for (const number of NUMBERS) await release(number);
      },
      () => add(),
      async () => expect((await pool()).map(({ number }) => number).sort()).toEqual(NUMBERS),
    );
    expect(boundaries).toBeGreaterThanOrEqual(5);
  });

  test.each(failures)('%s in numbers release: repeated, it is free', async (failure) => {
    const [number = ''] = NUMBERS;
    await add([number]);
    const boundaries = await killedThroughout(
      { failure, step: 1 },
      async () => {
        await provision('allison');
        await purge('allison');
        expect(await states()).toEqual(['cooling']);
      },
      () => post('/v1/numbers/release', { number }),
      async () => expect(await states()).toEqual(['free']),
    );
    expect(boundaries).toBeGreaterThanOrEqual(3);
  });

  test.each(failures)('%s in a purge: repeated, the number comes back, once', async (failure) => {
    await add(NUMBERS.slice(0, 1));
    const boundaries = await killedThroughout(
      { failure, step: 3 },
      async () => {
        plane.wait(60 * DAY_MS);
        expect((await provision('allison')).status).toBe(202);
      },
      () => purge('allison'),
      async () => expect(await states()).toEqual(['cooling']),
    );
    expect(boundaries).toBeGreaterThanOrEqual(8);
  });
});
