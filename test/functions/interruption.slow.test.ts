/** The function dies at every call to Google in turn; the next identical request completes it. */

import { connect } from 'node:net';
import type { Fault } from '../../local/google/gate.ts';
import { type Answered, type Harness, send, startHarness } from './harness.ts';

const REQUEST = { user: 'allison@nine30.com', userPhone: '+15551234567' };
/** Writes of a provision: account, two secrets, a version, three policies, the VM. */
const WRITES = 8;

const isWrite = (method: string): boolean =>
  !method.startsWith('oauth2.') && !/\.(Get|List|Access)|\.(get|list)/.test(method);

/** Runs `action` once, when the n-th write arrives. */
function trap() {
  let countdown = Number.POSITIVE_INFINITY;
  let action: () => void = () => undefined;
  return {
    set(nth: number, run: () => void): void {
      countdown = nth;
      action = run;
    },
    fault: async ({ method }: { readonly method: string }): Promise<Fault | undefined> => {
      if (!isWrite(method)) return undefined;
      countdown -= 1;
      if (countdown === 0) action();
      return undefined;
    },
  };
}

const provision = (harness: Harness, token: string): Promise<Answered> =>
  send(`${harness.plane.url}/v1/agents`, 'POST', token, REQUEST);

async function expectComplete(harness: Harness, token: string): Promise<void> {
  const again = await provision(harness, token);
  expect([200, 202]).toContain(again.status);
  expect(again.body).toMatchObject({
    name: 'allison',
    configVersion: expect.stringMatching(/^[12]$/),
  });
  const mark = harness.google.recording.length;
  expect((await provision(harness, token)).status).toBe(200);
  expect(harness.calls(mark).filter(({ method }) => isWrite(method))).toEqual([]);
}

describe('a provision that is interrupted', () => {
  const wire = trap();
  let harness: Harness;
  let token: string;
  beforeEach(async () => {
    harness = await startHarness({ target: 'api', fault: wire.fault });
    token = await harness.idToken();
  });
  afterEach(() => harness.close());

  const boundaries = Array.from({ length: WRITES }, (_, index) => index + 1);

  test.each(boundaries)(
    'by SIGKILL at write %i is completed by the next identical request',
    async (nth) => {
      wire.set(nth, () => process.kill(harness.plane.pid, 'SIGKILL'));
      await expect(provision(harness, token)).rejects.toThrow();
      await harness.restart();
      await expectComplete(harness, token);
    },
  );

  test.each([1, 4, 8])(
    'by SIGTERM at write %i is drained: the client gets its answer',
    async (nth) => {
      wire.set(nth, () => process.kill(harness.plane.pid, 'SIGTERM'));
      const answer = await provision(harness, token);
      expect(answer.status).toBe(202);
      await harness.restart();
      expect((await provision(harness, token)).status).toBe(200);
    },
  );

  test('by SIGTERM does not wait for a connection that has sent half a request', async () => {
    const { hostname, port } = new URL(harness.plane.url);
    const half = connect(Number(port), hostname).on('error', () => undefined);
    half.write('POST /v1/agents HTTP/1.1\r\nHost: x\r\n');
    wire.set(4, () => process.kill(harness.plane.pid, 'SIGTERM'));
    expect((await provision(harness, token)).status).toBe(202);
    const answered = performance.now();
    await harness.plane.stop(20_000);
    // Waited for, it would keep the process until the hard end.
    expect(performance.now() - answered).toBeLessThan(4000);
  });

  test('by a client that goes away goes on without it', async () => {
    const leaving = new AbortController();
    wire.set(1, () => leaving.abort());
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const url = `${harness.plane.url}/v1/agents`;
    const gone = fetch(url, {
      method: 'POST',
      headers,
      body: JSON.stringify(REQUEST),
      signal: leaving.signal,
    });
    await expect(gone).rejects.toThrow();
    await expectComplete(harness, token);
  });
});
