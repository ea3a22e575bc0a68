import { isKeptInChat } from '../../vm-bootstrap/core/hand-over.ts';

test.each([
  ['whatsapp', 'agent:main:main', true],
  ['telegram', 'agent:main:main', true],
  ['webchat', 'agent:main:main', false],
  [undefined, 'agent:main:main', false],
  [undefined, 'agent:main:main-wa-15550001111', true],
])('a key by %s in %s is still in a chat: %s', (channel, sessionKey, kept) => {
  expect(isKeptInChat(channel, sessionKey)).toBe(kept);
});
