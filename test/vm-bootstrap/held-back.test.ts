/** Which of the messages that WhatsApp held back are answered; the way there is tested with the real plugin (channel.e2e). */

import { EventEmitter } from 'node:events';
import {
  answerHeldBack,
  decryptedSoFar,
  sortHeldBack,
} from '../../vm-bootstrap/plugin/held-back.ts';
import type { MessagesUpsert, PluginApi } from '../../vm-bootstrap/plugin/openclaw.ts';

const NOW = Date.UTC(2026, 10, 20, 8);
const HOUR = 3_600_000;
const written = (hoursAgo: number) => ({ messageTimestamp: (NOW - hoursAgo * HOUR) / 1000 });
const held = (...messages: MessagesUpsert['messages']): MessagesUpsert => ({
  type: 'append',
  messages,
});

test.each([
  ['of the night', held(written(8)), 1],
  ['of the weekend', held(written(60)), 1],
  ['of last week, which OpenClaw may have answered and forgotten', held(written(24 * 6.5)), 0],
  ['without a time', held({}), 0],
  ['that came just now', { type: 'notify' as const, messages: [written(0)] }, 0],
])('messages %s', (_, upsert, anew) => {
  expect(sortHeldBack(upsert, NOW).anew).toHaveLength(anew);
  expect(sortHeldBack(upsert, NOW).left).toHaveLength(1 - anew);
});

test('protobuf’s Long counts as a number', () => {
  const seconds = { valueOf: () => (NOW - HOUR) / 1000 };
  expect(sortHeldBack(held({ messageTimestamp: seconds }), NOW).anew).toHaveLength(1);
});

test('what was decrypted before anybody listened: whose it is, and nothing of what devices tell each other', () => {
  const at = NOW;
  const entries: [string, { message: { protocolMessage?: object }; timestamp: number }][] = [
    ['15551234567@s.whatsapp.net\0A1', { message: {}, timestamp: at }],
    ['15559876543@s.whatsapp.net\0A2', { message: {}, timestamp: at }],
    ['15551234567@s.whatsapp.net\0A3', { message: { protocolMessage: {} }, timestamp: at }],
  ];
  const socket = {
    sendMessage: async () => undefined,
    logout: async () => {},
    user: { id: '15559876543:7@s.whatsapp.net' },
    messageRetryManager: { recentMessagesMap: new Map(entries) },
  };
  expect(decryptedSoFar(socket).map(({ key }) => [key?.id, key?.fromMe])).toEqual([
    ['A1', false],
    ['A2', true],
  ]);
});

test('OpenClaw’s listener hears the recent ones as new, the others as they were, once', () => {
  const below = new EventEmitter();
  const socket = {
    sendMessage: async () => undefined,
    logout: async () => {},
    ev: { on: below.on.bind(below), emit: below.emit.bind(below) },
  };
  const heard: [string, number][] = [];
  below.on('messages.upsert', ({ type, messages }) => heard.push([type, messages.length]));
  const register = (onEvent: (event: { type: 'registered'; context: unknown }) => void) =>
    onEvent({ type: 'registered', context: { getCurrentSock: () => socket } });
  const runtimeContexts = {
    get: () => undefined,
    watch: ({ onEvent }: { onEvent: Parameters<typeof register>[0] }) => {
      register(onEvent);
      return () => {};
    },
  };
  const api = { runtime: { channel: { runtimeContexts } } } as unknown as PluginApi;
  // OpenClaw runs several instances of a plugin.
  answerHeldBack(api);
  answerHeldBack(api);
  const ago = (hours: number) => ({ messageTimestamp: Date.now() / 1000 - hours * 3_600 });
  below.emit('messages.upsert', held(ago(8), ago(24 * 7), ago(9)));
  expect(heard.toSorted()).toEqual([
    ['append', 1],
    ['notify', 2],
  ]);
});
