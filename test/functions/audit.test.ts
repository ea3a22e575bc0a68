/** What is on record of every change: before it is begun, and before anybody hears of it. */

import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { type Context, createHandler } from '../../functions/http/handler.ts';
import type { Route } from '../../functions/http/router.ts';
import { plainWire } from '../../functions/http/wire.ts';
import { LOCAL } from '../../local/plane/settings.ts';
import { send, startHarness, vmToken } from './harness.ts';
import { type InProcess, startInProcess } from './support/in-process.ts';

const REQUEST = { user: 'allison@nine30.com', userPhone: '+15551234567' };

describe('the audit line of a change', () => {
  let plane: InProcess;
  beforeAll(async () => {
    plane = await startInProcess();
  });
  afterAll(() => plane.close());

  const entries = () => plane.log.map((line) => JSON.parse(line));
  const linesOf = async (method: string, path: string, body?: unknown) => {
    const { status, headers } = await plane.call(method, path, body);
    await plane.google.compute.operations.idle();
    const id = headers.get('x-request-id');
    return { status, lines: entries().filter(({ requestId }) => requestId === id) };
  };
  const auditOf = async (method: string, path: string, body?: unknown) => {
    const { status, lines } = await linesOf(method, path, body);
    expect(lines.filter(({ begun }) => !begun)).toHaveLength(1);
    return { status, audit: lines.at(-1).audit };
  };

  test('says who, what, which agent, and what it was and is, without whole numbers', async () => {
    const made = await auditOf('POST', '/v1/agents', REQUEST);
    expect(made.audit).toEqual({
      audit: 'change',
      who: LOCAL.admin,
      what: 'provisionAgent',
      agent: 'allison',
      outcome: 'OK',
      before: {},
      after: expect.objectContaining({ life: 'running', budget: 50, userPhone: '+1555•••4567' }),
    });
    const updated = await auditOf('PATCH', '/v1/agents/allison', { budget: 75 });
    expect(updated.audit).toMatchObject({ before: { budget: 50 }, after: { budget: 75 } });
    const stopped = await auditOf('POST', '/v1/agents/allison/stop');
    expect(stopped.audit).toMatchObject({
      before: { life: 'running' },
      after: { life: 'stopped' },
    });
    const purged = await auditOf('POST', '/v1/agents/allison/purge');
    expect(purged.audit).toMatchObject({ what: 'purgeAgent', after: { life: 'purged' } });
  });

  test("of a VM's call, too: what was noted, made and sent, and no word of it", async () => {
    await plane.call('POST', '/v1/agents', { ...REQUEST, user: 'bob@nine30.com' });
    await plane.google.compute.operations.idle();
    const token = await vmToken(plane.google, 'bob', {});
    const told = async (path: string, body?: unknown) => {
      const answer = await plane.callVm('POST', `/v1/self/${path}`, body, token);
      expect(answer.status).toBe(200);
      const id = answer.headers.get('x-request-id');
      const lines = entries().filter(({ requestId, begun }) => requestId === id && !begun);
      expect(lines).toHaveLength(1);
      return lines[0].audit;
    };
    const at = new Date().toISOString();
    expect(await told('status', { state: 'bootstrapping', at })).toMatchObject({
      ...{ audit: 'change', agent: 'bob', outcome: 'OK' },
      ...{ before: {}, after: { vm: 'bootstrapping' } },
    });
    expect(await told('status', { state: 'ready', key: 'shared', at })).toMatchObject({
      before: { vm: 'bootstrapping' },
      after: { vm: 'ready', vmKey: 'shared' },
    });
    const month = at.slice(0, 7);
    await told('usage', { month, usd: 1, key: 'shared' });
    expect(await told('usage', { month, usd: 3, key: 'shared' })).toMatchObject({
      before: { usd: 1 },
      after: { usd: 3 },
    });
    const mail = await told('mail', { subject: 'A subject', text: 'A secret word' });
    expect(mail.after).toEqual({ mailsLeft: 19, mailsSent: 1 });
    const notice = await told('channel-notice', { channel: 'slack', owner: 'U012AB3CD' });
    expect(notice).toMatchObject({ before: {}, after: { mailsSent: 1 } });
    expect((await told('channels-secret')).after).toMatchObject({
      created: 'agent-bob-channels',
      rights: 'agent-bob-channels',
    });
    expect(await told('channels-secret')).toMatchObject({ before: {}, after: {} });
    expect(plane.log.join()).not.toMatch(/A subject|A secret word/);
  });

  test('is there when it came to nothing, and not for a dry run or a look', async () => {
    const refused = await auditOf('POST', '/v1/agents/nobody/stop');
    expect(refused).toMatchObject({
      status: 404,
      audit: { audit: 'change', agent: 'nobody', outcome: 'NOT_FOUND' },
    });
    expect((await auditOf('GET', '/v1/agents')).audit).toBeUndefined();
    expect((await auditOf('POST', '/v1/agents?dryRun=true', REQUEST)).audit).toBeUndefined();
  });

  test('has a line before it, as long as something may be changed', async () => {
    const { lines } = await linesOf('POST', '/v1/agents', REQUEST);
    expect(lines.map(({ begun }) => begun)).toEqual([
      { who: LOCAL.admin, what: 'provisionAgent', agent: 'allison' },
      undefined,
    ]);
    for (const [method, path] of [
      ['GET', '/v1/agents'],
      ['POST', '/v1/agents/allison/stop?dryRun=true'],
    ] as const) {
      expect((await linesOf(method, path)).lines).toHaveLength(1);
    }
  });

  test('nothing that was logged holds a token or a whole number', () => {
    const all = plane.log.join('\n');
    expect(all).not.toMatch(/5551234567|eyJ[\w-]+\.[\w-]+/);
  });
});

describe('the order of things', () => {
  let server: Server;
  afterEach(() => server.close());

  /** One route that notes when it works; every line of log waits until it is let through. */
  async function stage(change: Partial<Context> = {}) {
    const events: string[] = [];
    const waiting: (() => void)[] = [];
    const route: Route = {
      method: 'POST',
      path: '/v1/change',
      id: 'change',
      summary: '',
      answers: {},
      handle: () => {
        events.push('effect');
        return { status: 200, body: {} };
      },
    };
    const app = { routes: [route], authenticate: async () => 'somebody' };
    const log = (line: string) =>
      new Promise<void>((resolve) => {
        waiting.push(() => {
          events.push(JSON.parse(line).begun ? 'begun is out' : 'outcome is out');
          resolve();
        });
      });
    const context = { wireOf: plainWire, log, ticks: () => 0, newId: () => 'id', ...change };
    server = createServer(createHandler(app, context));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const answered = new Promise<string>((resolve) =>
      socket.once('data', (bytes) => {
        events.push('first byte');
        socket.destroy();
        resolve(bytes.toString());
      }),
    );
    socket.write('POST /v1/change HTTP/1.1\r\nHost: a\r\n\r\n');
    /** Lets the next line out, once it is there and everything else has come to rest. */
    const release = async () => {
      while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
      for (let turn = 0; turn < 50; turn += 1) await new Promise((go) => setImmediate(go));
      waiting.shift()?.();
    };
    return { events, release, answered };
  }

  test('line, effect, line, first byte: each waits for the one before', async () => {
    const { events, release, answered } = await stage();
    await release();
    await release();
    await answered;
    expect(events).toEqual(['begun is out', 'effect', 'outcome is out', 'first byte']);
  });

  test('what cannot be put on record is not done, and the caller hears no good of it', async () => {
    const log = () => Promise.reject(new Error('EPIPE'));
    const { events, answered } = await stage({ log });
    expect(await answered).toMatch(/^HTTP\/1.1 500 /);
    expect(events).toEqual(['first byte']);
  });
});

test('a process that dies in the midst of a change leaves who was at what', async () => {
  let died: (() => void) | undefined;
  const dead = new Promise<void>((resolve) => {
    died = resolve;
  });
  const reached = { signal: () => {} };
  const atWrite = new Promise<void>((resolve) => {
    reached.signal = resolve;
  });
  const harness = await startHarness({
    target: 'api',
    fault: async ({ method }) => {
      if (!method.endsWith('.AddSecretVersion')) return undefined;
      reached.signal();
      await dead;
      return undefined;
    },
  });
  try {
    const asked = send(`${harness.plane.url}/v1/agents`, 'POST', await harness.idToken(), REQUEST);
    await atWrite;
    await harness.plane.stop(0);
    died?.();
    await expect(asked).rejects.toThrow();
    const log = await readFile(harness.logFile, 'utf8');
    const lines = log.trim().split('\n');
    const found = lines.flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
    const begun = { who: LOCAL.admin, what: 'provisionAgent', agent: 'allison' };
    expect(found.filter((line) => line.begun)).toEqual([expect.objectContaining({ begun })]);
    expect(found.filter((line) => line.audit)).toEqual([]);
  } finally {
    died?.();
    await harness.close();
  }
});
