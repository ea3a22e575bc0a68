/** An answered call to Google is let go of at once (docs/decisions/093). */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type InProcess, startInProcess } from './support/in-process.ts';

let plane: InProcess;
/** Every request that Google's clients made (tests and the CLI use fetch). */
const made: WeakRef<object>[] = [];
const remember = (message: unknown): void => {
  made.push(new WeakRef((message as { request: object }).request));
};

beforeAll(async () => {
  plane = await startInProcess();
  subscribe('http.client.request.start', remember);
});
afterAll(async () => {
  unsubscribe('http.client.request.start', remember);
  await plane.close();
});

/** How many of them something still holds. */
async function held(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  await sleep(0);
  collect();
  return made.filter((each) => each.deref() !== undefined).length;
}

test('of fifty calls, no request is held when its answer is there', async () => {
  const request = { user: 'allison@nine30.com', userPhone: '+15551234567' };
  expect((await plane.call('POST', '/v1/agents', request)).status).toBe(202);
  for (let look = 0; look < 4; look += 1) {
    expect((await plane.call('GET', '/v1/agents/allison')).status).toBe(200);
  }
  expect(made.length).toBeGreaterThanOrEqual(50);
  // A socket that is kept open may hold its last one.
  expect(await held()).toBeLessThan(made.length / 4);
});
