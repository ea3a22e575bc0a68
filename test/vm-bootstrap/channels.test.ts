import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AddedChannel, ChannelsDocument } from '../../contracts/channels.ts';
import { serve } from '../../vm-bootstrap/broker/serve.ts';
import { type ChannelInput, readChannelInput } from '../../vm-bootstrap/core/channel-input.ts';
import { tokenChecks, tokenVerdict } from '../../vm-bootstrap/core/channels.ts';
import { request } from '../../vm-bootstrap/http.ts';
import { startConfiguredCloud } from './support/cloud.ts';
import { newRoot, toldMachine } from './support/machine.ts';

const BOT = '777:AAAA-secret-token';
const SLACK = ['xoxb-1-secret', 'xapp-1-secret'];
const DISCORD = 'MTIzNDU2Nzg5.GabcdE.secret-secret-secret';

describe('what is typed', () => {
  test.each<[string, ChannelInput, ChannelsDocument]>([
    [
      'telegram',
      { channel: 'telegram', owner: '4242', tokens: [` "${BOT}" `] },
      { telegram: { owner: '4242', botToken: BOT } },
    ],
    [
      'slack, in any order',
      { channel: 'slack', owner: 'U012AB3CD', tokens: SLACK.toReversed() },
      { slack: { owner: 'U012AB3CD', botToken: 'xoxb-1-secret', appToken: 'xapp-1-secret' } },
    ],
    [
      'discord',
      { channel: 'discord', owner: '123456789012345678', tokens: [DISCORD] },
      { discord: { owner: '123456789012345678', token: DISCORD } },
    ],
    [
      'signal',
      { channel: 'signal', tokens: [], account: '+15550001111', daemon: 'http://127.0.0.1:8080' },
      { signal: { account: '+15550001111', daemon: 'http://127.0.0.1:8080' } },
    ],
  ])('%s', (_title, input, document) => {
    expect(readChannelInput(input)).toEqual(document);
  });

  test.each<[string, ChannelInput, RegExp]>([
    ['no owner', { channel: 'telegram', tokens: [BOT] }, /owner is missing.*--owner USER_ID/],
    [
      'a user name',
      { channel: 'telegram', owner: '@al', tokens: [BOT] },
      /numeric Telegram user id/,
    ],
    ['no token', { channel: 'telegram', owner: '4242', tokens: [] }, /botToken is missing/],
    [
      'two tokens',
      { channel: 'telegram', owner: '4242', tokens: [BOT, BOT] },
      /was not added: it takes 1 line, and 2 came\./,
    ],
    ['a sentence', { channel: 'telegram', owner: '4242', tokens: ['my token'] }, /BotFather/],
    [
      'half of Slack',
      { channel: 'slack', owner: 'U012AB3CD', tokens: ['xoxb-1-secret'] },
      /was not added: appToken is missing\./,
    ],
    [
      'the other half of Slack, and a word',
      { channel: 'slack', owner: 'U012AB3CD', tokens: ['here', 'xapp-1-secret'] },
      /was not added: botToken is missing\./,
    ],
    [
      'three of Slack',
      { channel: 'slack', owner: 'U012AB3CD', tokens: [...SLACK, 'xoxb-2-secret'] },
      /was not added: it takes 2 lines, and 3 came\./,
    ],
    [
      'a Slack user token',
      { channel: 'slack', owner: 'U012AB3CD', tokens: ['xoxp-1-secret', 'xapp-1-secret'] },
      /botToken is missing/,
    ],
    ['Slack by name', { channel: 'slack', owner: 'allison', tokens: SLACK }, /Slack member id/],
    [
      'Discord by name',
      { channel: 'discord', owner: 'al#1', tokens: [DISCORD] },
      /numeric Discord/,
    ],
    [
      'Signal without a daemon',
      { channel: 'signal', tokens: [], account: '+15550001111' },
      /no signal-cli/,
    ],
    [
      'a daemon that is a file',
      { channel: 'signal', tokens: [], account: '+15550001111', daemon: 'file:///x' },
      /URL of a signal-cli daemon/,
    ],
    ...[
      'http://signal.example:8080',
      'https://signal.example:8443',
      'https://a:secret@b.example',
    ].map((daemon): [string, ChannelInput, RegExp] => [
      `a daemon at ${daemon.replace('secret', '*')}`,
      { channel: 'signal', tokens: [], account: '+15550001111', daemon },
      /cannot be reached from here.*port 443/,
    ]),
    ...[
      'http://169.254.169.254/computeMetadata/v1',
      'http://2852039166',
      'http://[::ffff:169.254.169.254]',
      'http://[fd20:ce::254]',
      'http://metadata.google.internal.',
      'http://metadata',
    ].map((daemon): [string, ChannelInput, RegExp] => [
      `the metadata server (${daemon})`,
      { channel: 'signal', tokens: [], account: '+15550001111', daemon },
      /URL of a signal-cli daemon/,
    ]),
  ])('%s is refused with what to do, and without the token', (_title, input, sentence) => {
    const refusal = (() => {
      try {
        return readChannelInput(input);
      } catch (error) {
        return error;
      }
    })();
    expect(refusal).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(sentence),
    });
    expect((refusal as Error).message).not.toContain('secret');
  });
});

describe('asking the channel', () => {
  let server: Server;
  let origin: string;
  const asked: string[] = [];
  const answers = new Map<string, [number, object]>();

  beforeAll(async () => {
    server = createServer((incoming, response) => {
      const { authorization = '' } = incoming.headers;
      const what = `${incoming.method} ${incoming.url} ${authorization}`.trim();
      asked.push(what);
      const [status, body] = answers.get(incoming.url ?? '') ?? [200, { ok: true }];
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    asked.length = 0;
    answers.clear();
  });
  afterAll(() => server.close());

  const inputs = (): Readonly<Record<AddedChannel, ChannelInput>> => ({
    telegram: { channel: 'telegram', owner: '4242', tokens: [BOT] },
    slack: { channel: 'slack', owner: 'U012AB3CD', tokens: SLACK },
    discord: { channel: 'discord', owner: '123456789012345678', tokens: [DISCORD] },
    signal: { channel: 'signal', tokens: [], account: '+15550001111', daemon: `${origin}/` },
  });
  async function verdicts(channel: AddedChannel): Promise<string[]> {
    const document = readChannelInput(inputs()[channel]);
    const origins = { telegram: origin, slack: origin, discord: origin };
    const all: string[] = [];
    for (const check of tokenChecks(document, channel, origins)) {
      const { status, text } = await request(check);
      all.push(tokenVerdict(status, text));
    }
    return all;
  }

  test.each<[AddedChannel, string[]]>([
    ['telegram', [`GET /bot${BOT}/getMe`]],
    [
      'slack',
      [
        'POST /api/auth.test Bearer xoxb-1-secret',
        'POST /api/apps.connections.open Bearer xapp-1-secret',
      ],
    ],
    ['discord', [`GET /api/v10/users/@me Bot ${DISCORD}`]],
    ['signal', ['GET /api/v1/check']],
  ])('%s: these requests, and a good answer is good', async (channel, requests) => {
    expect(await verdicts(channel)).toEqual(requests.map(() => 'good'));
    expect(asked).toEqual(requests);
  });

  test.each<[AddedChannel, string, number, object, string]>([
    ['telegram', `/bot${BOT}/getMe`, 401, { ok: false }, 'refused'],
    ['telegram', `/bot${BOT}/getMe`, 404, { ok: false }, 'refused'],
    ['telegram', `/bot${BOT}/getMe`, 502, {}, 'unknown'],
    ['slack', '/api/auth.test', 200, { ok: false, error: 'invalid_auth' }, 'refused'],
    ['slack', '/api/auth.test', 429, {}, 'unknown'],
    ['discord', '/api/v10/users/@me', 401, { message: '401: Unauthorized' }, 'refused'],
    ['signal', '/api/v1/check', 500, {}, 'unknown'],
  ])('%s %s %i %j is %s', async (channel, path, status, body, verdict) => {
    answers.set(path, [status, body]);
    expect((await verdicts(channel))[0]).toBe(verdict);
  });
});

test('a channel whose plugin the image lacks is refused before its token is tried, let alone stored', async () => {
  const cloud = await startConfiguredCloud();
  const machine = await toldMachine(cloud, newRoot());
  const add = { command: 'channel-add', channel: 'discord', owner: '123456789012345678' };
  const asked = JSON.stringify({ ...add, tokens: [DISCORD] });
  try {
    expect(await serve(machine.host, machine.layout, machine.facts, asked)).toMatchObject({
      ok: false,
      code: 'FAILED_PRECONDITION',
      message: expect.stringMatching(/no plugin @openclaw\/discord/),
    });
    expect(cloud.asked).toEqual([]);
  } finally {
    machine.remove();
    await cloud.close();
  }
});
