/** What bootstrap writes for the bridge is what the bridge understands. */

import { composeGuard, composeTransport } from '../../bridge/compose.ts';
import { loadConfig } from '../../bridge/config/load.ts';
import { promptOf } from '../../bridge/handlers/openclaw/prompt.ts';
import { createLog } from '../../bridge/observe/log.ts';
import { configDocument } from '../../contracts/config-document.ts';
import { numberCredentials } from '../../contracts/whatsapp-number.ts';
import { BRIDGE_HEALTH, bridgeEnvironment } from '../../vm-bootstrap/core/bridge.ts';
import { machineFiles } from '../../vm-bootstrap/core/files.ts';
import { layoutOf } from '../../vm-bootstrap/core/layout.ts';
import { templates } from '../../vm-bootstrap/templates.ts';
import { FACTS } from './support/facts.ts';

const NUMBERS = {
  'cloud-api': {
    mode: 'cloud-api',
    phoneNumberId: '106540352242922',
    accessToken: 'EAA=+/local',
    appSecret: 'app-secret',
    verifyToken: 'verify-me',
  },
  kapso: { mode: 'kapso', phoneNumberId: '647015955153740', apiKey: 'kapso-key' },
  'kapso-webhooks': {
    mode: 'kapso',
    phoneNumberId: '647015955153740',
    apiKey: 'kapso-key',
    webhookSecret: 'kapso-hook',
  },
} as const;

function filesOf(mode: string, facts = FACTS) {
  const config = configDocument.parse({
    user: 'allison@nine30.com',
    userPhone: '+15551234567',
    whatsappNumber: '+15559876543',
    whatsapp: { mode },
  });
  const built = { ...templates, 'bridge.mjs': '// built', 'plugin/index.js': '// built' };
  return machineFiles({ config, facts, layout: layoutOf(''), templates: built });
}
const contentOf = (files: ReturnType<typeof filesOf>, name: string): string | undefined =>
  files.find(({ path }) => path.endsWith(name))?.content;

test.each(['cloud-api', 'kapso', 'kapso-webhooks'] as const)(
  '%s: settings and environment make a bridge',
  (mode) => {
    const toml = contentOf(filesOf(NUMBERS[mode].mode), '/bridge.toml') ?? '';
    const credentials = numberCredentials.parse(NUMBERS[mode]);
    const lines = bridgeEnvironment(credentials, 'gateway-token').trim().split('\n');
    const env = Object.fromEntries(
      lines.map((line) => {
        const at = line.indexOf('=');
        return [line.slice(0, at), line.slice(at + 1)];
      }),
    );
    const config = loadConfig(toml, env);
    expect(config.health.addr).toBe(BRIDGE_HEALTH);
    expect(composeTransport(config, createLog('error')).name).toBe(
      mode === 'cloud-api' ? 'meta' : 'kapso',
    );
    expect(config.gateway.token).toBe('gateway-token');
    expect(config.state.dir).toBe('/var/lib/agents-plane/bridge');
    const { poll_interval: seconds, poll_fallback: isNet } = config.delivery;
    const expected = {
      'cloud-api': ['queue', 5, false],
      kapso: ['polling', 5, false],
      'kapso-webhooks': ['queue', 60, true],
    };
    expect([config.delivery.mode, seconds, isNet]).toEqual(expected[mode]);
    if (mode === 'cloud-api') {
      expect(config.meta.access_token).toBe('EAA=+/local');
      expect(config.queue.subscription).toBe(
        'projects/nine30-local/subscriptions/agent-allison-whatsapp',
      );
    }
    // An album of the owner's comes within a second.
    expect(config.security.rate_limit).toBe(120);
    const guard = composeGuard(config);
    const from = (id: string) =>
      guard(
        { id: 'm', transport: mode, sender: { id }, content: { kind: 'text', text: 'hi' }, at: 0 },
        () => true,
      ).kind;
    expect([from('15551234567'), from('15550000000')]).toEqual(['admit', 'deny']);
  },
);

test('the agent is told of the tag that the bridge puts before what its owner writes', () => {
  const sender = { id: '15551234567' };
  const message = { id: 'm', transport: 'kapso', sender, role: 'owner', at: 0 };
  const said = promptOf({ ...message, content: { kind: 'text', text: 'hi' } });
  const tag = said.slice(0, said.indexOf(' hi'));
  expect(tag).toMatch(/^\[.+\]$/);
  expect(contentOf(filesOf('kapso'), '/AGENTS.md')).toContain(`\`${tag}\``);
  expect(contentOf(filesOf('linked'), '/AGENTS.md')).not.toContain(tag);
});

test('new credentials change the settings, so that the unit is restarted', () => {
  const before = contentOf(filesOf('kapso'), '/bridge.toml');
  expect(contentOf(filesOf('kapso', { ...FACTS, numberVersion: '2' }), '/bridge.toml')).not.toBe(
    before,
  );
});

test.each(['linked', 'dedicated'])('%s: no bridge', (mode) => {
  expect(contentOf(filesOf(mode), 'bridge.mjs')).toBeUndefined();
});

test.each([
  ['a line break', 'a\nOPENCLAW_TOKEN=x'],
  ['a quote', 'a"b'],
  ['a blank', 'a b'],
])('a credential with %s is refused: it could say more than itself', (_what, apiKey) => {
  expect(numberCredentials.safeParse({ ...NUMBERS.kapso, apiKey }).success).toBe(false);
});
