/** The CLI's patience with a plane that takes longer than a request. */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect } from '../../scripts/cli/client.ts';
import { insist } from '../../scripts/cli/verb.ts';

/** Milliseconds; what a server on this machine needs only while the machine is busy. */
const SHORT = 500;
const BODY = { requestId: '00000000-0000-4000-8000-000000000001' };

let server: Server;
const bodies: unknown[] = [];
const asked: (string | undefined)[] = [];
beforeAll(async () => {
  // The first request is never answered.
  server = createServer(async (request, response) => {
    asked.push(request.url);
    const body = JSON.parse(await text(request));
    bodies.push(body);
    if (bodies.length === 1) return;
    response.writeHead(202, { 'content-type': 'application/json' }).end('{"name":"allison"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const clientAt = (port: number, path = '') =>
  connect(
    { AGENTS_PLANE_URL: `http://127.0.0.1:${port}${path}`, AGENTS_PLANE_ID_TOKEN: 'a.b.c' },
    SHORT,
  );
const portOf = () => (server.address() as AddressInfo).port;

test('a request without an answer is sent again as it was', async () => {
  const client = await clientAt(portOf());
  const answer = await insist(client, 'POST', '/v1/agents/allison/restart', BODY);
  expect(answer).toEqual({ status: 202, body: { name: 'allison' } });
  expect(bodies.length).toBeGreaterThan(1);
  expect(new Set(bodies.map((body) => JSON.stringify(body)))).toEqual(
    new Set([JSON.stringify(BODY)]),
  );
});

test.each([
  ['', '/v1/agents?dryRun=true'],
  ['/', '/v1/agents?dryRun=true'],
  // As Google's are.
  ['/agents-plane-api', '/agents-plane-api/v1/agents?dryRun=true'],
  ['/agents-plane-api/', '/agents-plane-api/v1/agents?dryRun=true'],
])('a plane at an address with the path "%s" is asked for %s', async (path, expected) => {
  const client = await clientAt(portOf(), path);
  await client.call('POST', '/v1/agents?dryRun=true', BODY);
  expect(asked.at(-1)).toBe(expected);
});

test('a plane that is not there is asked once', async () => {
  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
  const { port } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  const client = await clientAt(port);
  await expect(insist(client, 'POST', '/v1/sync')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

test.each([
  'foo',
  'europe-west1-nine30.cloudfunctions.net/agents-plane-api',
  'ftp://nine30.com',
  'https://nine30.com/api?x=1',
])('AGENTS_PLANE_URL=%s is said to be no address, before anything is asked', async (url) => {
  const env = { AGENTS_PLANE_URL: url, AGENTS_PLANE_ID_TOKEN: 'a.b.c' };
  await expect(connect(env, SHORT)).rejects.toMatchObject({
    name: 'PlaneError',
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining('AGENTS_PLANE_URL'),
  });
});

test('a token that is none is not sent, nor repeated', async () => {
  const env = { AGENTS_PLANE_URL: 'http://127.0.0.1:1', AGENTS_PLANE_ID_TOKEN: 'a.b.c\nx-evil: 1' };
  const error = await connect(env, SHORT).catch((refusal: unknown) => refusal);
  expect(error).toMatchObject({ name: 'PlaneError', code: 'UNAUTHENTICATED' });
  expect(String(error)).not.toContain('evil');
});

test('a token from a file, with the end of its line, does', async () => {
  const url = `http://127.0.0.1:${portOf()}`;
  const client = await connect({ AGENTS_PLANE_URL: url, AGENTS_PLANE_ID_TOKEN: 'a.b.c\n' }, SHORT);
  expect(await client.call('POST', '/v1/agents', BODY)).toMatchObject({ status: 202 });
});
