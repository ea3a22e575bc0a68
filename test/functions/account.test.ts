/** One account at WhatsApp is one agent: no two answer on one number. */

import { type InProcess, startInProcess } from './support/in-process.ts';

const ALLISON = '+15551234567';
const BO = '+15557654321';
const NUMBER = '+15559876543';

let plane: InProcess;
/** What the making of secrets waits for. */
let held = Promise.resolve();
beforeEach(async () => {
  plane = await startInProcess(async ({ method }) => {
    if (method.endsWith('.CreateSecret')) await held;
    return undefined;
  });
});
afterEach(() => plane.close());

const dedicated = (whatsappNumber?: string) => ({
  whatsapp: { mode: 'dedicated' },
  ...(whatsappNumber && { whatsappNumber }),
});
async function settled(method: 'POST' | 'PATCH', path: string, body: object) {
  const answer = await plane.call(method, path, body);
  await plane.google.compute.operations.idle();
  return answer;
}
const provision = (name: string, userPhone: string, more: object = {}) =>
  settled('POST', '/v1/agents', { user: `${name}@nine30.com`, userPhone, ...more });
const update = (name: string, body: object) => settled('PATCH', `/v1/agents/${name}`, body);
const state = async (name: string) => (await plane.call('GET', `/v1/agents/${name}`)).status;
// biome-ignore lint/suspicious/noExplicitAny: an answer of the plane
const told = ({ body }: any) => {
  const { code, details } = body.error ?? {};
  return [code, details?.[0].field, details?.[0].problem];
};

interface Line {
  readonly user: string;
  readonly userPhone?: string;
}
const line = (name: string, userPhone?: string, more: object = {}): Line => ({
  ...{ user: `${name}@nine30.com`, ...more },
  ...(userPhone && { userPhone }),
});
/** What an import of these would do, or what it says against them. */
async function tried(...people: readonly Line[]) {
  const { body } = await plane.call('POST', '/v1/imports?dryRun=true', { people });
  const said: { takes?: string; field?: string; problem?: string }[] =
    body.people ?? body.error.details;
  return said.map(({ takes, field, problem }) => takes ?? `${field} ${problem}`);
}

/** Two agents on one phone, as there may be from before: each request saw the other's not yet. */
async function shareOnePhone() {
  const lists = () =>
    plane.google.recording.filter(({ method }) => method.endsWith('.ListSecrets'));
  const { promise, resolve } = Promise.withResolvers<void>();
  held = promise;
  const both = Promise.all([provision('allison', ALLISON), provision('bo', ALLISON)]);
  while (lists().length < 2) await new Promise((again) => setImmediate(again));
  resolve();
  expect((await both).map(({ status }) => status)).toEqual([202, 202]);
  await plane.google.compute.operations.idle();
}

const HELD = 'is the number that agent allison answers on';
const OWN = "is the owner's own phone";

test('another agent is never linked to the same phone, nor given its number', async () => {
  expect((await provision('allison', ALLISON)).status).toBe(202);
  const linked = await provision('bo', ALLISON);
  expect(told(linked)).toEqual(['ALREADY_EXISTS', 'userPhone', HELD]);
  expect(linked.body.error.details[0].fix).toMatch(/purge allison first/);
  expect(JSON.stringify(linked.body)).not.toMatch(/1234567/);
  const given = await provision('bo', BO, dedicated(ALLISON));
  expect(told(given)).toEqual(['ALREADY_EXISTS', 'whatsappNumber', HELD]);
  expect(await state('bo')).toBe(404);

  expect((await provision('bo', BO)).status).toBe(202);
  expect(told(await update('bo', { userPhone: ALLISON }))).toEqual(told(linked));
  expect(told(await update('bo', dedicated(ALLISON)))).toEqual(told(given));
  expect((await provision('allison', ALLISON)).status).toBe(200);
  expect((await update('allison', { budget: 60, userPhone: ALLISON })).status).toBe(202);
});

test("a number that was given by hand is one agent's, as one of the pool is", async () => {
  await provision('allison', ALLISON, dedicated(NUMBER));
  const other = await provision('bo', BO, dedicated(NUMBER));
  expect(told(other)).toEqual(['ALREADY_EXISTS', 'whatsappNumber', HELD]);
  const mistaken = await provision('bo', NUMBER);
  expect(told(mistaken)).toEqual(['ALREADY_EXISTS', 'userPhone', HELD]);
});

test('one person may own two agents that have numbers of their own', async () => {
  await provision('allison', ALLISON);
  expect((await provision('desk', ALLISON, dedicated(NUMBER))).status).toBe(202);
});

test('whoever left holds no number; who comes back has to have one that is free', async () => {
  await provision('allison', ALLISON);
  await settled('POST', '/v1/agents/allison/deprovision', {});
  expect((await provision('bo', ALLISON)).status).toBe(202);
  const [code, field] = told(await provision('allison', ALLISON));
  expect([code, field]).toEqual(['ALREADY_EXISTS', 'userPhone']);
});

test("an agent's number is never its owner's phone", async () => {
  const asked = await provision('allison', ALLISON, { whatsappNumber: ALLISON });
  expect(told(asked)).toEqual(['INVALID_ARGUMENT', 'whatsappNumber', OWN]);
  expect(asked.body.error.details[0].fix).toMatch(/mode linked/);
  await provision('allison', ALLISON);
  expect(told(await update('allison', dedicated(ALLISON)))).toEqual(told(asked));
  await update('allison', dedicated(NUMBER));
  expect(told(await update('allison', { userPhone: NUMBER }))).toEqual(told(asked));
  // Of mode linked the number says nothing.
  const linked = { whatsapp: { mode: 'linked' }, whatsappNumber: BO };
  expect((await provision('bo', BO, linked)).status).toBe(202);
});

test('an import names both lines, and looks at all of them first', async () => {
  const people = [
    { user: 'allison@nine30.com', userPhone: ALLISON },
    { user: 'bo@nine30.com', userPhone: ALLISON },
    { user: 'desk@nine30.com', userPhone: ALLISON, ...dedicated(NUMBER) },
    { user: 'cy@nine30.com', userPhone: BO, ...dedicated(NUMBER) },
  ];
  const { body } = await plane.call('POST', '/v1/imports?dryRun=true', { people });
  expect(body.error.details).toMatchObject([
    {
      field: 'people.1.userPhone',
      problem: 'is the number that the agent of people.0 is to answer on',
    },
    {
      field: 'people.3.whatsappNumber',
      problem: 'is the number that the agent of people.2 is to answer on',
    },
  ]);
});

test('an import may not give away what an agent outside of it has, and may let two swap', async () => {
  await provision('allison', ALLISON);
  await provision('bo', BO);
  const ask = (...people: readonly (readonly [string, string])[]) =>
    plane.call('POST', '/v1/imports?dryRun=true', {
      people: people.map(([name, userPhone]) => ({ user: `${name}@nine30.com`, userPhone })),
    });
  const { body } = await ask(['allison', ALLISON], ['cy', BO]);
  const problem = 'is the number that agent bo answers on';
  expect(body.error.details).toMatchObject([{ field: 'people.1.userPhone', problem }]);
  const swapped = await ask(['allison', BO], ['bo', ALLISON]);
  expect(swapped.body.people).toMatchObject([{ takes: 'change' }, { takes: 'change' }]);
});

test('an import gives nobody what an agent keeps whose line names no number', async () => {
  const phones = [{ value: ALLISON, type: 'mobile' }];
  plane.google.directory.put({ primaryEmail: 'allison@nine30.com', phones });
  await provision('allison', ALLISON);
  expect(await tried(line('allison'), line('bo', ALLISON))).toEqual([`people.1.userPhone ${HELD}`]);
  await update('allison', dedicated(NUMBER));
  const drawn = line('allison', ALLISON, dedicated());
  const bo = line('bo', BO, dedicated(NUMBER));
  const refused = [`people.1.whatsappNumber ${HELD}`];
  expect(await tried(drawn, bo)).toEqual(refused);
  expect(await tried(line('allison', ALLISON, { ...dedicated(), budget: 60 }), bo)).toEqual(
    refused,
  );
  // It comes back with what it had.
  await settled('POST', '/v1/agents/allison/deprovision', {});
  expect(await tried(drawn, bo)).toEqual(refused);
  expect(await tried(bo)).toEqual(['create']);
});

test('an import may name another number for one agent and give its own to the next', async () => {
  await provision('allison', ALLISON, dedicated(NUMBER));
  const people = [line('allison', ALLISON), line('bo', BO, dedicated(NUMBER))];
  expect(await tried(...people)).toEqual(['change', 'create']);
});

test("a number that two agents have already stops no import, and is no third one's", async () => {
  await shareOnePhone();
  const [allison, bo] = [line('allison', ALLISON), line('bo', ALLISON)];
  const dearer = line('allison', ALLISON, { budget: 60 });
  expect((await provision('allison', ALLISON, { budget: 60 })).status).toBe(202);
  expect((await provision('allison', ALLISON)).status).toBe(202);
  expect(await tried(dearer)).toEqual(['change']);
  expect(await tried(allison, bo)).toEqual(['nothing', 'nothing']);
  expect(await tried(dearer, bo)).toEqual(['change', 'nothing']);
  expect(await tried(bo, dearer)).toEqual(['nothing', 'change']);
  expect(await tried(dearer, line('bo', ALLISON, { budget: 60 }))).toEqual(['change', 'change']);
  expect(await tried(line('cy', ALLISON), dearer, bo)).toEqual([
    'people.0.userPhone is the number that the agent of people.1 is to answer on',
  ]);
  const elsewhere = await tried(line('cy', ALLISON), dearer);
  expect(elsewhere).toEqual(['people.0.userPhone is the number that agent bo answers on']);
});

test('the line that asks for what the agent of another one has is the one to mend', async () => {
  await provision('bo', BO);
  const problem = 'is the number that the agent of people.1 is to answer on';
  const people = [line('allison', BO), line('bo', BO, { budget: 60 })];
  expect(await tried(...people)).toEqual([`people.0.userPhone ${problem}`]);
  expect(await tried(line('allison', BO), line('bo', BO))).toEqual([
    `people.0.userPhone ${problem}`,
  ]);
});

test("an import reads nobody's document for a number that only one of its lines names", async () => {
  await provision('allison', ALLISON);
  await provision('bo', BO);
  const mark = plane.google.recording.length;
  const people = [line('allison', ALLISON, { budget: 60 }), line('bo', BO, { budget: 60 })];
  expect(await tried(...people)).toEqual(['change', 'change']);
  const read = plane.google.recording.slice(mark).map(({ method }) => method);
  expect(read.filter((method) => method.endsWith('.AccessSecretVersion'))).toEqual([]);
});
