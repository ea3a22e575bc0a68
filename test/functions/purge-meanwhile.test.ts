/** A purge that is over while a provision still waits for its new account to be known everywhere. */

import type { Fault } from '../../local/google/gate.ts';
import { LOCAL, PLANE_ACCOUNT } from '../../local/plane/settings.ts';
import { type InProcess, startInProcess } from './support/in-process.ts';
import { everythingIn } from './support/inventory.ts';

const PLANE = `serviceAccount:${PLANE_ACCOUNT}`;
const ACCOUNT = `agent-allison@${LOCAL.project.id}.iam.gserviceaccount.com`;
const REQUEST = { user: 'allison@nine30.com', userPhone: '+15551234567' };
/** Seconds 1, 3 and 7 of the schedule: more than half of the lease of a record. */
const REFUSALS = 3;

let plane: InProcess;
/** Told of each VM that the plane asks for. */
let inserting: () => Promise<Fault | undefined> = async () => undefined;
beforeAll(async () => {
  plane = await startInProcess(({ method, principal }) =>
    principal === PLANE && method.endsWith('Instances.Insert') ? inserting() : undefined,
  );
});
afterAll(() => plane.close());

async function ask(path: string, body?: object): Promise<number> {
  const { status } = await plane.call('POST', `/v1/agents${path}`, body);
  await plane.google.compute.operations.idle();
  return status;
}

test('no VM is made of an agent that has no record any more: it begins anew, whole', async () => {
  const empty = await everythingIn(plane.google);
  expect(await ask('', REQUEST)).toBe(202);
  const whole = await everythingIn(plane.google);
  expect(await ask('/allison/purge')).toBe(200);
  expect(await everythingIn(plane.google)).toEqual(empty);

  let refused = 0;
  let purged = 0;
  inserting = async () => {
    refused += 1;
    if (refused > REFUSALS) return undefined;
    if (refused === REFUSALS) {
      const { accounts } = plane.google.world;
      const account = accounts.find(ACCOUNT);
      purged = await ask('/allison/purge');
      // What Google deletes is known here and there for a while, as what it makes is unknown.
      accounts.create(LOCAL.project.id, 'agent-allison', account);
    }
    return { when: 'before', status: 'INVALID_ARGUMENT' };
  };
  expect(await ask('', REQUEST)).toBe(202);
  expect([refused, purged]).toEqual([REFUSALS + 1, 200]);
  expect(await everythingIn(plane.google)).toEqual(whole);
});
