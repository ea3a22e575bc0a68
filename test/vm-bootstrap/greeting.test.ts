/** Which message gets the first message's id; the way to the phone is in wrong-phone.slow. */

import { greetingId } from '../../vm-bootstrap/plugin/greeting.ts';

const GREETING = 'Hey! What should I call you?';
const OWN = '15551234567@s.whatsapp.net';
const HIDDEN = '100000000000001@lid';

const link = (identity: number[] | undefined) => ({
  user: { id: '15551234567:7@s.whatsapp.net', lid: '100000000000001:7@lid' },
  ...(identity && {
    authState: { creds: { signedIdentityKey: { public: Uint8Array.from(identity) } } },
  }),
  sendMessage: async () => undefined,
  logout: async () => {},
});
const id = (jid: string, text: string, socket = link([1, 2, 3])) =>
  greetingId(socket, GREETING, jid, { text });

test('the first message has one id on one link, by number or not, in the shape of Baileys’ own', () => {
  expect(id(OWN, GREETING)).toMatch(/^3EB0[0-9A-F]{18}$/);
  expect(id(HIDDEN, GREETING)).toBe(id(OWN, GREETING));
});

test('on another link it has another', () => {
  expect(id(OWN, GREETING, link([1, 2, 4]))).not.toBe(id(OWN, GREETING));
});

test.each([
  ['another text', id(OWN, `${GREETING} `)],
  ['the same text to somebody else', id('15550001189@s.whatsapp.net', GREETING)],
  ['a connection that does not tell its identity', id(OWN, GREETING, link(undefined))],
])('%s: none of ours', (_, given) => {
  expect(given).toBeUndefined();
});
