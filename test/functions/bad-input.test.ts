/** Every bad request gets a 4xx with a code, the field and a fix, as JSON; nothing is created. */

import { request as httpRequest } from 'node:http';
import { errorBody } from '../../contracts/errors.ts';
import { type Harness, startHarness } from './harness.ts';

const GOOD = { user: 'allison@nine30.com', userPhone: '+15551234567' };
const { user: _, ...NO_USER } = GOOD;
const { userPhone: __, ...NO_PHONE } = GOOD;

let harness: Harness;
let token: string;
beforeAll(async () => {
  harness = await startHarness({ target: 'api' });
  token = await harness.idToken();
});
afterAll(() => harness.close());

interface Raw {
  readonly method?: string;
  /** Sent as it stands: fetch() would normalise it. */
  readonly path?: string;
  readonly body?: string | Buffer;
  readonly headers?: Record<string, string>;
}

interface Reply {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
}

function raw({ method = 'POST', path = '/v1/agents', body, headers = {} }: Raw): Promise<Reply> {
  const { hostname, port } = new URL(harness.plane.url);
  return new Promise((resolve, reject) => {
    const call = httpRequest(
      {
        hostname,
        port,
        method,
        path,
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          ...headers,
        },
      },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (chunk) => (text += chunk));
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }),
        );
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}

const json = (value: unknown): Raw => ({ body: JSON.stringify(value) });
const withUser = (user: unknown): Raw => json({ ...GOOD, user });
const withPhone = (userPhone: unknown): Raw => json({ ...GOOD, userPhone });
const withOther = (other: object): Raw => json({ ...GOOD, ...other });
const INVALID = 'INVALID_ARGUMENT';

type Case = readonly [title: string, request: Raw, code: string, field: string];

const EMAILS: readonly Case[] = [
  ['no user', json(NO_USER), INVALID, 'user'],
  ['user null', withUser(null), INVALID, 'user'],
  ['user a number', withUser(5), INVALID, 'user'],
  ['user a list', withUser(['allison@nine30.com']), INVALID, 'user'],
  ['user empty', withUser(''), INVALID, 'user'],
  ['user without @', withUser('allison'), INVALID, 'user'],
  ['user without a local part', withUser('@nine30.com'), INVALID, 'user'],
  ['user without a domain', withUser('allison@'), INVALID, 'user'],
  ['user with two @', withUser('a@b@nine30.com'), INVALID, 'user'],
  ['user with a space', withUser('alli son@nine30.com'), INVALID, 'user'],
  ['user with a name around', withUser('Allison <allison@nine30.com>'), INVALID, 'user'],
  ['two users in one', withUser('allison@nine30.com,bo@nine30.com'), INVALID, 'user'],
  ['user of dots', withUser('..@nine30.com'), INVALID, 'user'],
  ['user with two dots in a row', withUser('a..b@nine30.com'), INVALID, 'user'],
  ['user with a dot first', withUser('.allison@nine30.com'), INVALID, 'user'],
  ['a role with a dot behind', withUser('admin.@nine30.com'), INVALID, 'user'],
  ['user too long', withUser(`${'a'.repeat(65)}@nine30.com`), INVALID, 'user'],
  ['user of 255 characters', withUser(`a@${'b.'.repeat(130)}com`), INVALID, 'user'],
  ['CRLF in the user', withUser('allison@nine30.com\r\nBcc: x@y.z'), INVALID, 'user'],
  ['LF in the user', withUser('allison\n@nine30.com'), INVALID, 'user'],
  ['NUL in the user', withUser('allison\u0000@nine30.com'), INVALID, 'user'],
  ['unicode in the user', withUser('allísøn@nine30.com'), INVALID, 'user'],
  ['a lookalike letter in the user', withUser('аllison@nine30.com'), INVALID, 'user'],
  ['a Kelvin sign, whose small letter is k', withUser('\u212aate@nine30.com'), INVALID, 'user'],
  ['right-to-left override in the user', withUser('allison\u202e@nine30.com'), INVALID, 'user'],
  ['an emoji', withUser('🤖@nine30.com'), INVALID, 'user'],
  ['a foreign domain', withUser('allison@gmail.com'), INVALID, 'user'],
  ['a subdomain', withUser('allison@evil.nine30.com'), INVALID, 'user'],
  ['a domain that ends alike', withUser('allison@notnine30.com'), INVALID, 'user'],
  ['a domain that goes on', withUser('allison@nine30.com.evil.org'), INVALID, 'user'],
  ['a role', withUser('postmaster@nine30.com'), INVALID, 'user'],
  ['another role, in capitals', withUser('Admin@Nine30.com'), INVALID, 'user'],
  ['a role with a tag', withUser('abuse+x@nine30.com'), INVALID, 'user'],
  ["the plane's own name", withUser('agents-plane@nine30.com'), INVALID, 'user'],
];

const PHONES: readonly Case[] = [
  ['no phone', json(NO_PHONE), INVALID, 'userPhone'],
  ['phone null', withPhone(null), INVALID, 'userPhone'],
  ['phone a number', withPhone(15551234567), INVALID, 'userPhone'],
  ['phone without +', withPhone('15551234567'), INVALID, 'userPhone'],
  ['phone with 00', withPhone('0015551234567'), INVALID, 'userPhone'],
  ['phone with spaces', withPhone('+1 555 123 4567'), INVALID, 'userPhone'],
  ['phone with brackets', withPhone('+1(555)1234567'), INVALID, 'userPhone'],
  ['phone with a leading zero', withPhone('+0155512345'), INVALID, 'userPhone'],
  ['phone too short', withPhone('+12345'), INVALID, 'userPhone'],
  ['phone too long', withPhone('+1234567890123456'), INVALID, 'userPhone'],
  ['phone with letters', withPhone('+1555CALLNOW'), INVALID, 'userPhone'],
  ['phone with Arabic digits', withPhone('+١٥٥٥١٢٣٤٥٦٧'), INVALID, 'userPhone'],
  ['phone with a line end', withPhone('+15551234567\n'), INVALID, 'userPhone'],
  ["the agent's number malformed", withOther({ whatsappNumber: '555' }), INVALID, 'whatsappNumber'],
];

const SETTINGS: readonly Case[] = [
  ['an unknown provider', withOther({ model: 'llama/llama-4' }), INVALID, 'model'],
  ['a bare model of nobody', withOther({ model: 'mystery-9' }), INVALID, 'model'],
  ['an empty model', withOther({ model: '' }), INVALID, 'model'],
  ['a path as a model', withOther({ model: 'anthropic/../x' }), INVALID, 'model'],
  ['model null', withOther({ model: null }), INVALID, 'model'],
  ['budget negative', withOther({ budget: -5 }), INVALID, 'budget'],
  ['budget zero', withOther({ budget: 0 }), INVALID, 'budget'],
  ['budget a string', withOther({ budget: '50' }), INVALID, 'budget'],
  ['budget null (what JSON makes of NaN)', withOther({ budget: Number.NaN }), INVALID, 'budget'],
  [
    'budget NaN as it stands',
    { body: '{"user":"allison@nine30.com","budget":NaN}' },
    INVALID,
    'body',
  ],
  [
    'budget out of range',
    { body: JSON.stringify({ ...GOOD, budget: 1 }).replace('1}', '1e999}') },
    INVALID,
    'budget',
  ],
  ["budget above the organisation's limit", withOther({ budget: 501 }), INVALID, 'budget'],
  ['budget above every limit', withOther({ budget: 10_001 }), INVALID, 'budget'],
  ['an unknown mode', withOther({ whatsapp: { mode: 'telepathy' } }), INVALID, 'whatsapp.mode'],
  ['whatsapp as text', withOther({ whatsapp: 'linked' }), INVALID, 'whatsapp'],
  ['whatsapp without a mode', withOther({ whatsapp: {} }), INVALID, 'whatsapp.mode'],
  [
    'a mode without the number it takes',
    withOther({ whatsapp: { mode: 'kapso' } }),
    INVALID,
    'whatsappNumber',
  ],
  [
    'an unknown field in whatsapp',
    withOther({ whatsapp: { mode: 'linked', x: 1 } }),
    INVALID,
    'whatsapp.x',
  ],
  [
    'asking the phone more often than every two minutes',
    withOther({ whatsapp: { mode: 'linked', askPhone: 1 } }),
    INVALID,
    'whatsapp.askPhone',
  ],
  [
    'asking the phone of a business number',
    withOther({ whatsappNumber: '+15559876543', whatsapp: { mode: 'kapso', askPhone: 2 } }),
    INVALID,
    'whatsapp.askPhone',
  ],
  ['an unknown profile', withOther({ profile: 'spy' }), INVALID, 'profile'],
  ['an unknown time zone', withOther({ timezone: 'Mars/Olympus' }), INVALID, 'timezone'],
  ['a time zone with a line end', withOther({ timezone: 'UTC\n' }), INVALID, 'timezone'],
  ['an unknown field', withOther({ isAdmin: true }), INVALID, 'isAdmin'],
  ['a name chosen by the caller', withOther({ name: 'root' }), INVALID, 'name'],
  [
    'a prototype',
    { body: '{"user":"allison@nine30.com","userPhone":"+15551234567","__proto__":{"x":1}}' },
    INVALID,
    '__proto__',
  ],
  ['a constructor', withOther({ constructor: 1 }), INVALID, 'constructor'],
];

const BODIES: readonly Case[] = [
  ['no body', {}, INVALID, 'body'],
  ['broken JSON', { body: '{"user":' }, INVALID, 'body'],
  ['JSON with a comment', { body: '{} // x' }, INVALID, 'body'],
  ['not UTF-8', { body: Buffer.from([0x7b, 0xff, 0x7d]) }, INVALID, 'body'],
  ['a list', json([GOOD]), INVALID, 'body'],
  ['text', json('allison'), INVALID, 'body'],
  ['null', json(null), INVALID, 'body'],
  [
    'a body over 64 KB',
    json({ ...GOOD, timezone: 'x'.repeat(65_536) }),
    'PAYLOAD_TOO_LARGE',
    'body',
  ],
  [
    'over 64 KB without saying so',
    { ...json({ x: 'x'.repeat(70_000) }), headers: { 'transfer-encoding': 'chunked' } },
    'PAYLOAD_TOO_LARGE',
    'body',
  ],
  [
    'no content type',
    { ...json(GOOD), headers: { 'content-type': '' } },
    'UNSUPPORTED_MEDIA_TYPE',
    'header.content-type',
  ],
  [
    'text/plain',
    { ...json(GOOD), headers: { 'content-type': 'text/plain' } },
    'UNSUPPORTED_MEDIA_TYPE',
    'header.content-type',
  ],
  [
    'a form',
    { body: 'user=a', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    'UNSUPPORTED_MEDIA_TYPE',
    'header.content-type',
  ],
  [
    'JSON in Latin 1',
    { ...json(GOOD), headers: { 'content-type': 'application/json; charset=latin1' } },
    'UNSUPPORTED_MEDIA_TYPE',
    'header.content-type',
  ],
  [
    'a CloudEvent',
    { ...json(GOOD), headers: { 'content-type': 'application/cloudevents+json' } },
    'UNSUPPORTED_MEDIA_TYPE',
    'header.content-type',
  ],
  [
    'a compressed body',
    { ...json(GOOD), headers: { 'content-encoding': 'gzip' } },
    'UNSUPPORTED_MEDIA_TYPE',
    'header.content-type',
  ],
];

const at = (path: string, method = 'GET'): Raw => ({ method, path });
const PATHS: readonly Case[] = [
  ['PUT', { ...json(GOOD), method: 'PUT' }, 'METHOD_NOT_ALLOWED', 'method'],
  ['PATCH', { ...json(GOOD), method: 'PATCH' }, 'METHOD_NOT_ALLOWED', 'method'],
  [
    'DELETE of an agent, which is not there yet',
    at('/v1/agents/allison', 'DELETE'),
    'METHOD_NOT_ALLOWED',
    'method',
  ],
  [
    'POST to an agent',
    { ...json(GOOD), path: '/v1/agents/allison' },
    'METHOD_NOT_ALLOWED',
    'method',
  ],
  ['OPTIONS', at('/v1/agents', 'OPTIONS'), 'METHOD_NOT_ALLOWED', 'method'],
  ['the root', at('/'), 'NOT_FOUND', 'path'],
  ['another version', at('/v2/agents'), 'NOT_FOUND', 'path'],
  ['a trailing slash', { ...json(GOOD), path: '/v1/agents/' }, 'NOT_FOUND', 'path'],
  ['a doubled slash', { ...json(GOOD), path: '//v1/agents' }, 'NOT_FOUND', 'path'],
  ['dots', at('/v1/agents/../agents'), 'NOT_FOUND', 'path'],
  ['encoded dots', at('/v1/%2e%2e/v1/agents'), 'NOT_FOUND', 'path'],
  ['an encoded slash', at('/v1/agents/a%2fb'), 'NOT_FOUND', 'path'],
  ['a doubly encoded slash', at('/v1/agents/a%252fb'), 'NOT_FOUND', 'path'],
  ['a broken escape', at('/v1/agents/%zz'), 'NOT_FOUND', 'path'],
  ['a half escape', at('/v1/agents/%'), 'NOT_FOUND', 'path'],
  ['an encoded NUL', at('/v1/agents/a%00'), 'NOT_FOUND', 'path'],
  ['a backslash', at('/v1/agents\\allison'), 'NOT_FOUND', 'path'],
  ['capitals', at('/V1/Agents'), 'NOT_FOUND', 'path'],
  ['a matrix parameter', at('/v1/agents;x=1'), 'NOT_FOUND', 'path'],
  ['a whole URL', at('http://evil.example/v1/agents'), 'NOT_FOUND', 'path'],
  ['a favicon', at('/favicon.ico'), 'NOT_FOUND', 'path'],
  ['an agent that is no name', at('/v1/agents/-x-'), 'NOT_FOUND', 'name'],
  ['an agent in capitals', at('/v1/agents/ALLISON'), 'NOT_FOUND', 'name'],
  ['an agent that nobody has', at('/v1/agents/nobody'), 'NOT_FOUND', 'name'],
  [
    'an unknown query parameter',
    { ...json(GOOD), path: '/v1/agents?force=true' },
    INVALID,
    'query.force',
  ],
  [
    'dryRun of something else',
    { ...json(GOOD), path: '/v1/agents?dryRun=yes' },
    INVALID,
    'query.dryRun',
  ],
  [
    'dryRun behind a doubled question mark',
    { ...json(GOOD), path: '/v1/agents??dryRun=true' },
    INVALID,
    'query.?dryRun',
  ],
  [
    'dryRun behind a second question mark',
    { ...json(GOOD), path: '/v1/agents?dryRun=true?dryRun=false' },
    INVALID,
    'query.dryRun',
  ],
  [
    'dryRun twice',
    { ...json(GOOD), path: '/v1/agents?dryRun=true&dryRun=false' },
    INVALID,
    'query.dryRun',
  ],
];

const CASES = [...EMAILS, ...PHONES, ...SETTINGS, ...BODIES, ...PATHS];

describe('bad input', () => {
  test('there are at least 60 cases', () => {
    expect(CASES.length).toBeGreaterThanOrEqual(60);
  });

  test.each(CASES)('%s', async (_title, request, code, field) => {
    const mark = harness.google.recording.length;
    const reply = await raw(request);
    expect(reply.headers['content-type']).toBe('application/json; charset=utf-8');
    const { error } = errorBody.parse(JSON.parse(reply.text));
    expect([error.code, error.details.map((detail) => detail.field)]).toEqual([
      code,
      expect.arrayContaining([field]),
    ]);
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(reply.status).toBeLessThan(500);
    expect(reply.headers['x-request-id']).toBe(error.requestId);
    for (const detail of error.details) expect(detail.fix.length).toBeGreaterThan(5);
    if (code === 'METHOD_NOT_ALLOWED') expect(reply.headers.allow).toMatch(/GET|POST/);
    // A signature changes nothing: the directory is asked for the phone that is missing.
    const reads = /\.(Get|List|Access|SignJwt)[A-Z]?|\.(get|list)/;
    expect(harness.calls(mark).filter(({ method }) => !reads.test(method))).toEqual([]);
  });

  test('thousands of unknown fields do not make an answer of thousands of lines', async () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`k${index}`, 1]));
    const { error } = errorBody.parse(JSON.parse((await raw(withOther(many))).text));
    expect(error.details).toHaveLength(20);
  });

  test('no answer repeats a phone number or the value that was wrong', async () => {
    const reply = await raw(
      withOther({ whatsappNumber: '+1555-secret', userPhone: '+15557654321x' }),
    );
    expect(reply.text).not.toMatch(/secret|7654321/);
  });
});
