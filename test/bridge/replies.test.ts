/** What an agent's reply may carry besides text: files, reactions, buttons, lists, places. */

import { shorten } from '../../bridge/format/choices.ts';
import { payloads, repliesOf } from '../../bridge/handlers/openclaw/replies.ts';
import type { Reply } from '../../bridge/message.ts';
import type { FileResult, Transport } from '../../bridge/ports.ts';
import { createKapso } from '../../bridge/transports/kapso/kapso.ts';
import { createMeta } from '../../bridge/transports/meta/meta.ts';
import { listenAt } from '../../bridge/transports/webhook-server.ts';
import type { GraphNumber } from '../../local/graph/number.ts';
import { startKapso } from '../../local/kapso/server.ts';
import { startMeta } from '../../local/meta/server.ts';
import { handlerOf, say, startBridge, until } from './support/bridge.ts';

const ALICE = '15550001111';
const replies = (given: unknown): Reply[] =>
  payloads.parse([given]).flatMap((one) => repliesOf(one, 'wamid.1'));
const button = (label: string, action?: object): object => ({ label, ...(action && { action }) });

describe("OpenClaw's payloads", () => {
  test.each<[unknown, string[]]>([
    [{ text: 'Here.', mediaUrls: [null, 7] }, ['Here.']],
    [{ text: 'Here.', mediaUrls: 'none', isError: 'no', location: 'far' }, ['Here.']],
    [{ text: { words: 'Here.' } }, []],
    ['Here.', []],
  ])('of a shape that nobody knows: %j', (given, said) => {
    expect(replies(given).map((one) => ('text' in one ? one.text : one.kind))).toEqual(said);
  });
  test.each<[string, object, readonly object[]]>([
    ['words', { text: ' hi ' }, [{ kind: 'text', text: 'hi' }]],
    [
      'files follow the words, wherever they are',
      { text: 'look', mediaUrls: ['https://a.example/x.png', '/w/y.pdf'] },
      [
        { kind: 'text', text: 'look' },
        { kind: 'media', url: 'https://a.example/x.png' },
        { kind: 'file', path: '/w/y.pdf' },
      ],
    ],
    [
      'no scheme but https is fetched by anybody: the gateway refuses the rest',
      { text: 'look', mediaUrl: 'http://10.0.0.1/x.png' },
      [
        { kind: 'text', text: 'look' },
        { kind: 'file', path: 'http://10.0.0.1/x.png' },
      ],
    ],
    [
      'a reaction',
      { text: 'Done. [[react:👍]]' },
      [
        { kind: 'reaction', emoji: '👍', to: 'wamid.1' },
        { kind: 'text', text: 'Done.' },
      ],
    ],
    [
      'buttons; one that opens a page is a line with it',
      {
        text: 'Which?',
        presentation: {
          blocks: [
            { type: 'text', text: 'Which?' },
            {
              type: 'buttons',
              buttons: [
                button('Red', { type: 'callback', value: 'r' }),
                button('Help', { type: 'command', command: '/help' }),
                button('More', { type: 'url', url: 'https://a.example' }),
              ],
            },
          ],
        },
      },
      [
        {
          kind: 'choices',
          text: 'Which?',
          choices: [
            { id: 'r', title: 'Red' },
            { id: '/help', title: 'Help' },
          ],
        },
      ],
    ],
    [
      'a presentation without text says it itself',
      {
        interactive: {
          title: 'Colours',
          blocks: [
            { type: 'text', text: 'Pick one' },
            { type: 'select', placeholder: 'Open', options: [button('Red'), button('Blue')] },
          ],
        },
      },
      [{ kind: 'choices', text: 'Colours\n\nPick one', label: 'Open' }],
    ],
    [
      'a place',
      { text: 'here', location: { latitude: 48.2, longitude: 16.4, name: 'Vienna' } },
      [{ kind: 'text' }, { kind: 'location', latitude: 48.2, longitude: 16.4, name: 'Vienna' }],
    ],
    [
      'a place beside choices, which come last',
      {
        text: 'Here or there?',
        location: { latitude: 48.2, longitude: 16.4 },
        presentation: { blocks: [{ type: 'buttons', buttons: [button('Here'), button('There')] }] },
      },
      [
        { kind: 'location', latitude: 48.2 },
        { kind: 'choices', text: 'Here or there?' },
      ],
    ],
    ['what is broken or new costs no words', { text: 'hi', presentation: 7 }, [{ kind: 'text' }]],
  ])('%s', (_title, given, expected) => {
    const found = replies(given);
    expect(found).toHaveLength(expected.length);
    expect(found).toMatchObject(expected);
  });

  test('a title is cut between graphemes', () => {
    expect(shorten('👩‍👩‍👧 family and friends', 20)).toBe('👩‍👩‍👧 family and…');
    expect(shorten('exactly twenty chars', 20)).toBe('exactly twenty chars');
  });
});

interface Side {
  readonly number: GraphNumber;
  readonly transport: Transport;
  write(text: string): Promise<unknown>;
  close(): Promise<void>;
}

async function kapsoSide(): Promise<Side> {
  const kapso = await startKapso();
  const { baseUrl, apiKey, phoneNumberId, number } = kapso;
  const transport = createKapso({ baseUrl, apiKey, phoneNumberId, pollEveryMs: 20 });
  return { number, transport, write: async (text) => kapso.say(ALICE, text), close: kapso.close };
}

async function metaSide(): Promise<Side> {
  const meta = await startMeta();
  const { baseUrl, accessToken, phoneNumberId, number } = meta;
  const transport = createMeta({
    ...{ baseUrl, accessToken, phoneNumberId, appSecret: 's', verifyToken: 'v' },
    open: listenAt('127.0.0.1:0'),
  });
  const write = (text: string): Promise<unknown> => {
    const message = { id: 'wamid.in.1', from: ALICE, type: 'text', text: { body: text } };
    const url = `http://127.0.0.1:${transport.port}/webhook`;
    return meta.webhook({ url, secret: 's' }, { messages: [message] });
  };
  return { number, transport, write, close: meta.close };
}

const PNG = { kind: 'file', bytes: Buffer.from('png'), mime: 'image/png' } as const;
const HUGE = { kind: 'file', bytes: Buffer.alloc(6_000_000), mime: 'image/png' } as const;

describe.each([
  ['Kapso', kapsoSide],
  ['Meta', metaSide],
])('at %s', (_name, open) => {
  async function stage(all: readonly Reply[], files: Record<string, FileResult[]> = {}) {
    const stack = new AsyncDisposableStack();
    const side = await open();
    stack.defer(() => side.close());
    const handler = {
      ...handlerOf(() => ({ kind: 'replies', replies: all })),
      open: async (path: string): Promise<FileResult> =>
        files[path]?.shift() ?? { kind: 'refused', reason: 'outside' },
    };
    const bridge = stack.use(await startBridge(side.transport, { handler }));
    await side.write('hello');
    await until('the end', () => {
      const { inbox, outbox } = bridge.store;
      const taken = bridge.events.some(({ type }) => type === 'handled');
      return taken && inbox.depth().open + outbox.depth().open === 0;
    });
    const dead = bridge.store.outbox.dead(9).map(({ note }) => note);
    return { stack, dead, number: side.number, sent: side.number.sent.map((one) => one.request) };
  }

  test('a file is uploaded, and sent as what it is; one that cannot be had costs the rest nothing', async () => {
    const file = (path: string): Reply => ({ kind: 'file', path });
    const away: FileResult = { kind: 'refused', reason: 'the gateway is away', passing: true };
    const { stack, sent, number, dead } = await stage(
      [say('see'), file('/w/a.png'), file('/etc/shadow'), file('/w/big "x".png'), say('end')],
      { '/w/a.png': [away, PNG], '/w/big "x".png': [HUGE] },
    );
    await using _stack = stack;
    expect(sent.map(({ type }) => type)).toEqual(['text', 'image', 'document', 'text']);
    expect(sent[1]).toMatchObject({ image: { id: '1' } });
    expect(sent[2]).toMatchObject({ document: { id: '2', filename: 'big "x".png' } });
    expect(number.media.get('1')).toEqual({ ...PNG, kind: undefined, filename: 'a.png' });
    expect(number.media.get('2')?.bytes.equals(HUGE.bytes)).toBe(true);
    expect(dead).toEqual(['file: outside']);
  });

  test('a reaction, buttons, a list, a place', async () => {
    const titles = (...all: string[]) => all.map((title) => ({ id: title.slice(0, 9), title }));
    const long = 'An option that is told in many words';
    const { stack, sent, dead } = await stage([
      { kind: 'reaction', emoji: '👍', to: 'wamid.in.1' },
      { kind: 'choices', text: 'Is it **red**?', choices: titles('Yes', 'No') },
      {
        kind: 'choices',
        text: 'Which?',
        choices: titles('Red', 'Blue', 'Green', long),
        label: 'Pick',
      },
      { kind: 'choices', text: 'x'.repeat(2_000), choices: titles('Yes', 'No') },
      { kind: 'choices', text: 'Many', choices: titles(...'abcdefghijk') },
      { kind: 'choices', text: 'Twice', choices: titles('same', 'same') },
      { kind: 'location', latitude: 48.2, longitude: 16.4, name: 'Vienna' },
    ]);
    await using _stack = stack;
    expect(dead).toEqual([]);
    expect(sent[0]).toMatchObject({ reaction: { message_id: 'wamid.in.1', emoji: '👍' } });
    expect(sent[1]).toMatchObject({
      interactive: {
        type: 'button',
        body: { text: 'Is it *red*?' },
        action: { buttons: [{ reply: { id: 'Yes', title: 'Yes' } }, { reply: { title: 'No' } }] },
      },
    });
    expect(sent[2]).toMatchObject({
      interactive: {
        type: 'list',
        action: {
          button: 'Pick',
          sections: [
            {
              rows: [
                ...[{ title: 'Red' }, { title: 'Blue' }, { title: 'Green' }],
                { title: 'An option that is told…', description: long },
              ],
            },
          ],
        },
      },
    });
    expect(sent.slice(3).map(({ type }) => type)).toEqual([
      ...['text', 'interactive', 'text', 'text', 'location'],
    ]);
    expect(sent[5]).toMatchObject({ text: { body: expect.stringContaining('11. k') } });
  });

  test('what is said with a linked file goes before it, whatever it is', async () => {
    const [picture, sound] = ['https://a.example/x.png', 'https://a.example/x.mp3?n=1'];
    const { stack, sent } = await stage([
      { kind: 'media', url: picture, caption: '**look**' },
      { kind: 'media', url: sound, caption: 'x'.repeat(5_000) },
      { kind: 'media', url: picture },
    ]);
    await using _stack = stack;
    expect(sent).toMatchObject([
      { type: 'text', text: { body: '*look*' } },
      { image: { link: picture } },
      { type: 'text' },
      { type: 'text' },
      { audio: { link: sound } },
      { image: { link: picture } },
    ]);
    expect(JSON.stringify(sent)).not.toContain('caption');
  });
});
