/** Function `pages` over HTTP: who gets what, and what bad links get. */

import { request as httpRequest } from 'node:http';
import type { Fault } from '../../local/google/gate.ts';
import { pagePath, phoneOf } from './fixtures.ts';
import { type Harness, send, startHarness } from './harness.ts';

const BODY = { user: 'allison@nine30.com', userPhone: '+15551234567' };

let api: Harness;
let pages: Harness;
let fault: Fault | undefined;
beforeAll(async () => {
  api = await startHarness({ target: 'api', fault: async () => fault });
  pages = await startHarness({ target: 'pages', google: api.google });
  const token = await api.idToken();
  for (const user of [BODY.user, 'bo@nine30.com']) {
    await send(`${api.plane.url}/v1/agents`, 'POST', token, { user, userPhone: phoneOf(user) });
  }
  await api.google.compute.operations.idle();
});
afterAll(async () => {
  await pages.close();
  await api.close();
});

async function linkOf(name: string, body: object = {}): Promise<string> {
  const url = `${api.plane.url}/v1/agents/${name}/pairing-link`;
  const link = await send(url, 'POST', await api.idToken(), body);
  expect(link.status).toBe(200);
  return pagePath(link.body.url);
}

interface Reply {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
}

/** The path as it stands: fetch() would normalise it. */
function raw(path: string, method = 'GET'): Promise<Reply> {
  const { hostname, port } = new URL(pages.plane.url);
  return new Promise((resolve, reject) => {
    const call = httpRequest({ hostname, port, method, path }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }),
      );
    });
    call.on('error', reject);
    call.end();
  });
}

const screenIn = ({ text }: Reply): string | undefined =>
  /id="page" data-screen="([\w-]+)"/.exec(text)?.[1];

test('the page is for its visitor alone: not kept, not framed, not told to others', async () => {
  const { status, headers, text } = await raw(await linkOf('allison'));
  expect(status).toBe(200);
  expect(headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'content-security-policy': expect.stringContaining("default-src 'none'"),
  });
  expect(text).not.toContain('5551234567');
});

describe('a link', () => {
  test('works beside others of its kind, until they are replaced', async () => {
    const [first, second] = [await linkOf('allison'), await linkOf('allison')];
    expect((await raw(first)).status).toBe(200);
    const third = await linkOf('allison', { replace: true });
    const replies = await Promise.all([first, second, third].map((path) => raw(path)));
    expect(replies.map(({ status }) => status)).toEqual([410, 410, 200]);
    expect(screenIn(replies[0] as Reply)).toBe('dead-replaced');
  });

  test('of one agent is none of another: claims and signature belong together', async () => {
    const [mine, theirs] = [await linkOf('allison'), await linkOf('bo')];
    const [payload] = theirs.split('.');
    const [, signature] = mine.split('.');
    expect((await raw(`${payload}.${signature}`)).status).toBe(404);
  });

  test('that nobody signed costs Google nothing', async () => {
    await raw(await linkOf('allison'));
    const mark = api.google.recording.length;
    for (const path of ['', '/state', '/request']) {
      const method = path === '/request' ? 'POST' : 'GET';
      expect((await raw(`/pair/eyJhIjoxfQ.${'A'.repeat(43)}${path}`, method)).status).toBe(404);
    }
    expect(api.google.recording.slice(mark)).toEqual([]);
  });

  test.each([
    ['garbage', '/pair/garbage'],
    ['nothing', '/pair/'],
    ['a dot', '/pair/.'],
    ['two dots', '/pair/..'],
    ['traversal', '/pair/../v1/agents'],
    ['encoded traversal', '/pair/%2e%2e%2fv1%2fagents'],
    ['a broken escape', '/pair/%zz'],
    ['NUL', '/pair/a%00b'],
    ['a script', '/pair/<script>alert(1)</script>'],
    ['8 KB', `/pair/${'A'.repeat(8000)}.${'B'.repeat(43)}`],
    ['another file', '/pages/pairing.js'],
    ['the root', '/'],
    ['the admin API', '/v1/agents'],
    ['an unknown parameter', `/pair/a.b?next=https://evil.example`],
    ['a start of something else', `/pair/a.b?start=later`],
  ])('of %s gets a page that says so, and nothing of itself on it', async (_title, path) => {
    const reply = await raw(path);
    expect([reply.status === 404 || reply.status === 400, screenIn(reply)]).toEqual([
      true,
      'dead-unknown',
    ]);
    expect(reply.headers['content-security-policy']).toBeDefined();
    expect(reply.text).not.toMatch(/alert\(1\)|evil\.example|AAAAAAAA/);
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('takes no %s', async (method) => {
    expect((await raw(await linkOf('allison'), method)).status).toBe(405);
  });

  test.each(['x', '2026', "2026-11-20T17:00:00Z' or 1=1", '', 'A'.repeat(5000)])(
    'with code=%j is refused',
    async (code) => {
      const path = `${await linkOf('allison')}/state?code=${encodeURIComponent(code)}`;
      expect((await raw(path)).status).toBe(400);
    },
  );

  test('shows a page that tries again, and no words of Google’s, where Google refuses us', async () => {
    const path = await linkOf('allison');
    fault = { when: 'before', status: 'PERMISSION_DENIED' };
    const reply = await raw(path);
    fault = undefined;
    expect([reply.status, screenIn(reply)]).toEqual([412, 'trouble']);
    expect(reply.text).toContain('http-equiv="refresh" content="10"');
  });
});

test('there is nothing to link twice, and nothing on a business number', async () => {
  const token = await api.idToken();
  const ask = (name: string) =>
    send(`${api.plane.url}/v1/agents/${name}/pairing-link`, 'POST', token, {});
  const kapso = { whatsapp: { mode: 'kapso' }, whatsappNumber: '+15559876543' };
  expect((await ask('nobody')).status).toBe(404);
  await send(`${api.plane.url}/v1/agents`, 'POST', token, {
    ...BODY,
    user: 'cy@nine30.com',
    ...kapso,
  });
  const refused = await ask('cy');
  expect([refused.status, refused.body.error.code]).toEqual([412, 'FAILED_PRECONDITION']);
  const viewer = await api.idToken('viewer@nine30.com');
  const url = `${api.plane.url}/v1/agents/allison/pairing-link`;
  expect((await send(url, 'POST', viewer, {})).status).toBe(403);
  expect((await send(url, 'POST', token, { replace: 'yes' })).status).toBe(400);
});
