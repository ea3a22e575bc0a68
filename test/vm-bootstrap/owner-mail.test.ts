import { existsSync, rmSync } from 'node:fs';
import { takeMailedKeys } from '../../vm-bootstrap/broker/mail-keys.ts';
import { serve } from '../../vm-bootstrap/broker/serve.ts';
import { type MailArguments, mailRequestOf } from '../../vm-bootstrap/commands/mail.ts';
import { accessToken } from '../../vm-bootstrap/google/metadata.ts';
import { readSecret } from '../../vm-bootstrap/google/secrets.ts';
import type { Host } from '../../vm-bootstrap/host.ts';
import {
  type Cloud,
  GOOD_KEY,
  OTHER_GOOD_KEY,
  OWN,
  startConfiguredCloud,
} from './support/cloud.ts';
import { newRoot, toldMachine } from './support/machine.ts';

const HEAD = {
  id: 'abc1',
  from: 'Bo <bo@nine30.com>',
  subject: 'Lunch?\u001b[31m',
  date: '2026-11-20T12:00:00.000Z',
};

let cloud: Cloud;
let root: string;

beforeEach(async () => {
  cloud = await startConfiguredCloud();
  root = newRoot();
});
afterEach(async () => {
  await cloud.close();
  rmSync(root, { recursive: true, force: true });
});

const machine = () => toldMachine(cloud, root);

type At = Awaited<ReturnType<typeof machine>>;
const ask = ({ host, layout, facts }: At, request: object) =>
  serve(host, layout, facts, JSON.stringify(request));

describe('agent mail', () => {
  test('the inbox is a line a mail, without control characters', async () => {
    const at = await machine();
    cloud.answersOf['/v1/self/mail/inbox'] = { mails: [HEAD] };
    const answer = await ask(at, { command: 'mail-inbox', inbox: { limit: 5 } });
    expect(answer).toEqual({
      ok: true,
      message: 'abc1  2026-11-20T12:00:00.000Z  Bo <bo@nine30.com>  Lunch?[31m',
    });
    cloud.answersOf['/v1/self/mail/inbox'] = { mails: [] };
    expect(await ask(at, { command: 'mail-inbox', inbox: {} })).toMatchObject({
      message: 'No mail.',
    });
  });

  test('a mail is shown as text, without the keys that are in it', async () => {
    const at = await machine();
    const text = `Your key is\n${GOOD_KEY}\nBo`;
    cloud.answersOf['/v1/self/mail/read'] = { ...HEAD, text, cut: true };
    const { message } = await ask(at, { command: 'mail-read', mail: { id: 'abc1' } });
    expect(message).toMatch(/^From: Bo .*\nDate: 2026.*\nSubject: Lunch\?/);
    expect(message).toContain('Your key is\n[API key removed]\nBo\n[The rest is left out');
    expect(message).not.toContain(GOOD_KEY);
    expect(at.lines.join()).not.toMatch(/Lunch|key is/);
  });

  test.each([
    ['a soft hyphen', '\u00ad'],
    ['a mark of direction', '\u200e'],
    ['an embedding', '\u202a'],
    ['a control character', '\u0007'],
  ])('a key with %s in it is not made whole for the model', async (_, hidden) => {
    const at = await machine();
    const text = `Your key is ${GOOD_KEY.slice(0, 16)}${hidden}${GOOD_KEY.slice(16)}\r\nBo`;
    cloud.answersOf['/v1/self/mail/read'] = { ...HEAD, text, cut: false };
    const { message } = await ask(at, { command: 'mail-read', mail: { id: 'abc1' } });
    expect(message).toContain('Your key is [API key removed]\nBo');
  });

  test.each<[string, Partial<MailArguments>, object | undefined]>([
    ['inbox', {}, { command: 'mail-inbox', inbox: { limit: 10 } }],
    [
      'inbox',
      { query: 'is:unread', limit: '3' },
      { command: 'mail-inbox', inbox: { query: 'is:unread', limit: 3 } },
    ],
    ['inbox', { limit: '0' }, undefined],
    ['inbox', { limit: 'many' }, undefined],
    ['inbox', { query: 'x'.repeat(201) }, undefined],
    ['read', { id: 'abc1' }, { command: 'mail-read', mail: { id: 'abc1' } }],
    ['delete', { id: 'abc1' }, { command: 'mail-delete', mail: { id: 'abc1' } }],
    ['read', {}, undefined],
    ['delete', { id: '../x' }, undefined],
    ['forward', { id: 'abc1' }, undefined],
  ])('%s %j', (verb, given, request) => {
    const args = { verb, id: undefined, subject: undefined, query: undefined, limit: undefined };
    expect(mailRequestOf({ ...args, ...given })).toEqual(request);
  });
});

describe('a key by mail', () => {
  const REPLIES = '/v1/self/mail/replies';
  const FORGET = '/v1/self/mail/forget';
  const told = (): string[] =>
    cloud.bodies
      .filter(({ path }) => path === FORGET)
      .map(({ body }) => JSON.parse(body).answer.text);

  async function ready() {
    await cloud.createSecret(OWN, 'secretAccessor', 'secretVersionManager');
    const at = await machine();
    const keys = Object.fromEntries(
      ['in-use', 'refused', 'other-provider', 'several', 'unchecked', 'binned'].map((key) => [
        key,
        `said: ${key}`,
      ]),
    );
    const notes = { stored: '', failed: '', besides: '' };
    at.host.write(
      `${at.layout.plugin}/replies.json`,
      JSON.stringify({ ...keys, removed: 'x', notes }),
      { mode: 0o644 },
    );
    return at;
  }
  /** The key service, short of the gateway. */
  async function keyService({ host, layout }: At) {
    while (!existsSync(layout.keyRequest)) await host.sleep(5);
    host.write(layout.keyInUse, 'own 1', { mode: 0o644 });
  }

  /** The same, whichever version it is asked for, each time. @returns how to end it */
  function inUseAtOnce({ host, layout }: At): () => void {
    let version = 0;
    const timer = setInterval(() => {
      if (!existsSync(layout.keyRequest)) return;
      rmSync(layout.keyRequest);
      version += 1;
      host.write(layout.keyInUse, `own ${version}`, { mode: 0o644 });
    }, 5);
    return () => clearInterval(timer);
  }
  const access = async ({ host, facts }: At) => ({
    host,
    project: facts.project,
    token: await accessToken(host),
    endpoint: facts.endpoints.secretmanager,
  });

  test('is stored, its mail binned, its owner told; the other replies are not asked for again', async () => {
    const at = await ready();
    cloud.answersOf[REPLIES] = {
      mails: [
        { id: 'a1', text: 'Thank you!' },
        { id: 'b2', text: `Sure:\n\n${GOOD_KEY}\n\n> Welcome` },
      ],
    };
    const [seen] = await Promise.all([
      takeMailedKeys(at.host, at.layout, at.facts, ['c3']),
      keyService(at),
    ]);
    expect(seen).toEqual(['a1', 'c3']);
    expect(await cloud.versions(OWN)).toEqual(['1 ENABLED']);
    expect(cloud.asked).toEqual([REPLIES, FORGET]);
    const forgotten = cloud.bodies.find(({ path }) => path === FORGET)?.body ?? '';
    expect(JSON.parse(forgotten).id).toBe('b2');
    expect(told()).toEqual(['said: in-use\n\nsaid: binned\n']);
    expect(at.lines.join()).not.toContain(GOOD_KEY);
  });

  test.each([
    ['is refused', 'sk-ant-bad-1a2b3c4d5e6f7g8h9', 'refused'],
    ['is of another provider', `sk-proj-${'h3Jk8Lm2Qw9Er5Ty'.repeat(4)}`, 'other-provider'],
  ])('that %s changes nothing; the mail is binned and its owner told', async (_, key, outcome) => {
    const at = await ready();
    cloud.answersOf[REPLIES] = { mails: [{ id: 'b2', text: key }] };
    await takeMailedKeys(at.host, at.layout, at.facts, []);
    expect(await cloud.versions(OWN)).toEqual([]);
    expect(told()).toEqual([`said: ${outcome}\n\nsaid: binned\n`]);
  });

  test('and another after it: the one that was sent last is in use', async () => {
    const at = await ready();
    // As Gmail lists them: the newest first.
    cloud.answersOf[REPLIES] = {
      mails: [
        { id: 'b2', text: OTHER_GOOD_KEY },
        { id: 'a1', text: GOOD_KEY },
      ],
    };
    const stop = inUseAtOnce(at);
    await takeMailedKeys(at.host, at.layout, at.facts, []);
    stop();
    expect(await cloud.versions(OWN)).toEqual(['2 ENABLED', '1 DESTROYED']);
    expect((await readSecret(await access(at), OWN))?.value).toBe(OTHER_GOOD_KEY);
  });

  test('that could not be checked, and a good one after it: the first is superseded', async () => {
    const at = await ready();
    const unchecked = 'sk-ant-slow-0000000000000003';
    const request: Host['request'] = async (wanted) =>
      JSON.stringify(wanted.headers).includes(unchecked)
        ? Promise.reject(new Error('no answer'))
        : at.host.request(wanted);
    cloud.answersOf[REPLIES] = {
      mails: [
        { id: 'b2', text: GOOD_KEY },
        { id: 'a1', text: unchecked },
      ],
    };
    const stop = inUseAtOnce(at);
    await takeMailedKeys({ ...at.host, request }, at.layout, at.facts, []);
    stop();
    expect(await cloud.versions(OWN)).toEqual(['1 ENABLED']);
    const forgotten = cloud.bodies.filter(({ path }) => path === FORGET);
    expect(forgotten.map(({ body }) => JSON.parse(body).id)).toEqual(['b2', 'a1']);
    expect(JSON.parse(forgotten[1]?.body ?? '')).toEqual({ id: 'a1' });
  });

  test('that could not be checked stays where it is, for the next look', async () => {
    const at = await ready();
    const endpoints = { ...at.facts.endpoints, anthropic: 'http://127.0.0.1:1' };
    cloud.answersOf[REPLIES] = { mails: [{ id: 'b2', text: GOOD_KEY }] };
    expect(await takeMailedKeys(at.host, at.layout, { ...at.facts, endpoints }, [])).toEqual([]);
    expect(cloud.asked).toEqual([REPLIES]);
  });
});
