/** What an agent that was talked into something writes into openclaw.json, and what is left of it at the next start. */

import { configDocument } from '../../contracts/config-document.ts';
import type { Json, JsonObject } from '../../vm-bootstrap/core/json.ts';
import { layoutOf } from '../../vm-bootstrap/core/layout.ts';
import { mergeConfig } from '../../vm-bootstrap/core/merge-config.ts';
import { RULES, renderOpenclawConfig } from '../../vm-bootstrap/core/openclaw-config.ts';
import { templates } from '../../vm-bootstrap/templates.ts';

const OURS = renderOpenclawConfig(templates['openclaw.json'] ?? '', {
  config: configDocument.parse({
    user: 'allison@nine30.com',
    userPhone: '+15551234567',
    whatsappNumber: '+15559876543',
  }),
  channels: {
    telegram: { owner: '4242', botToken: '777:AAAA-token' },
    slack: { owner: 'U012AB3CD', botToken: 'xoxb-1-token', appToken: 'xapp-1-token' },
    discord: { owner: '223456789012345678', token: 'MTIzNDU2Nzg5.GabcdE.token-token-token' },
    signal: { account: '+15550001111', daemon: 'https://signal.example' },
  },
  endpoints: {},
  gatewayToken: 'token',
  layout: layoutOf(''),
});

type Change = readonly [path: readonly string[], value: Json];

/** Ours with value at path. */
function changed(document: JsonObject, [path, value]: Change): JsonObject {
  const [head = '', ...rest] = path;
  const below = (document[head] ?? {}) as JsonObject;
  return { ...document, [head]: rest.length === 0 ? value : changed(below, [rest, value]) };
}

const afterNextStart = (...changes: readonly Change[]): JsonObject =>
  mergeConfig(OURS, OURS, changes.reduce(changed, OURS), RULES);

const OPEN = { dmPolicy: 'open', allowFrom: ['*'] };
const EVIL = 'https://evil.example';

test.each<Change>([
  ...['whatsapp', 'telegram', 'slack', 'discord', 'signal'].flatMap((channel): Change[] => [
    [['channels', channel, 'dmPolicy'], 'open'],
    [['channels', channel, 'groupPolicy'], 'open'],
    [['channels', channel, 'allowFrom'], ['*']],
    [['channels', channel, 'accounts'], { default: OPEN }],
    [['channels', channel, 'accounts'], { mine: OPEN }],
  ]),
  [['channels', 'telegram', 'direct'], { '*': OPEN }],
  [['channels', 'telegram', 'groups'], { '*': { groupPolicy: 'open' } }],
  [['channels', 'telegram', 'apiRoot'], EVIL],
  [['channels', 'slack', 'dm'], { policy: 'open', allowFrom: ['*'] }],
  [['channels', 'slack', 'dm'], { groupEnabled: true }],
  [['channels', 'slack', 'channels'], { '*': { users: ['*'] } }],
  [['channels', 'slack', 'dangerouslyAllowNameMatching'], true],
  [['channels', 'slack', 'mode'], 'relay'],
  [['channels', 'discord', 'dm'], { groupEnabled: true }],
  [['channels', 'discord', 'guilds'], { '*': { users: ['*'] } }],
  [['channels', 'discord', 'dangerouslyAllowNameMatching'], true],
  [['channels', 'signal', 'transport'], { kind: 'external-native', url: EVIL }],
  [['channels', 'signal', 'account'], '+15550002222'],
  [['commands', 'ownerAllowFrom'], ['*']],
  [['commands', 'allowFrom'], { '*': ['*'] }],
])('%j does not let others in with %j', (...change) => {
  expect(afterNextStart(change)).toEqual(OURS);
});

test('what lets nobody in stays', () => {
  const change: Change = [['channels', 'telegram', 'replyToMode'], 'all'];
  expect(afterNextStart(change)).toEqual(changed(OURS, change));
});
