import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { textReplies } from '../../bridge/handlers/openclaw/replies.ts';
import type { AddedChannel, ChannelsDocument } from '../../contracts/channels.ts';
import { configDocument, PROFILES, WHATSAPP_MODES } from '../../contracts/config-document.ts';
import type { Facts } from '../../vm-bootstrap/core/facts.ts';
import { machineFiles, underRoot } from '../../vm-bootstrap/core/files.ts';
import { layoutOf } from '../../vm-bootstrap/core/layout.ts';
import { fill, renderOpenclawConfig } from '../../vm-bootstrap/core/openclaw-config.ts';
import { UNIT_PLAN } from '../../vm-bootstrap/core/units.ts';
import { templates } from '../../vm-bootstrap/templates.ts';
import { FACTS } from './support/facts.ts';

const document = (fields: object) =>
  configDocument.parse({
    user: 'allison@nine30.com',
    userPhone: '+15551234567',
    whatsappNumber: '+15559876543',
    ...fields,
  });

function render(
  fields: object,
  endpoints: Facts['endpoints'] = {},
  added: { readonly channels?: ChannelsDocument; readonly ahead?: readonly AddedChannel[] } = {},
) {
  const text = templates['openclaw.json'] ?? '';
  const inputs = {
    config: document(fields),
    ...{ channels: {}, ahead: [], ...added },
    endpoints,
    gatewayToken: 'token',
    layout: layoutOf(''),
  };
  // biome-ignore lint/suspicious/noExplicitAny: a test reads into a document of many shapes
  return renderOpenclawConfig(text, inputs) as any;
}

describe('openclaw.json', () => {
  test("the seed's WhatsApp block keeps its meaning", () => {
    const config = render({ whatsapp: { mode: 'dedicated' } });
    expect(config.channels.whatsapp).toEqual({
      enabled: true,
      dmPolicy: 'allowlist',
      allowFrom: ['+15551234567'],
      groupPolicy: 'disabled',
      selfChatMode: false,
      sendReadReceipts: true,
    });
    expect(config.messages).toEqual({ ackReaction: '👀', ackReactionScope: 'direct' });
    expect(config.commands.ownerAllowFrom).toEqual(['whatsapp:+15551234567']);
    expect(config.plugins.entries.whatsapp).toEqual({ enabled: true });
  });

  test('a plugin that comes ahead of its channel is there, and nothing else of it', () => {
    const channels = { telegram: { owner: '4242', botToken: '777:AAAA-token' } };
    const config = render({}, {}, { channels, ahead: ['slack'] });
    expect(config.plugins.allow).toEqual(expect.arrayContaining(['telegram', 'slack']));
    expect(config.plugins.entries.slack).toEqual({ enabled: true });
    expect(Object.keys(config.channels)).toEqual(['whatsapp', 'telegram']);
    expect(config.commands.ownerAllowFrom).toEqual(['whatsapp:+15551234567', 'telegram:4242']);
  });

  test('Discord is asked for no intent that somebody has to switch on', () => {
    const discord = { owner: '123456789012345678', token: 'MTIz.GabcdE.token-token-token' };
    const { channels } = render({}, {}, { channels: { discord } });
    expect(channels.discord).toMatchObject({ intents: { messageContent: false } });
  });

  test.each([
    ['linked', true, true],
    ['dedicated', true, false],
    ['cloud-api', false, undefined],
    ['kapso', false, undefined],
  ] as const)('mode %s: plugin %s, self chat %s', (mode, plugin, selfChat) => {
    const config = render({ whatsapp: { mode } });
    expect(config.plugins.allow.includes('whatsapp')).toBe(plugin);
    // Channels need a plugin that OpenClaw trusts, and it trusts none from here.
    expect(config.plugins.load.paths).toEqual([layoutOf('').plugin]);
    expect(config.plugins.allow).toContain('agents-plane');
    expect(config.channels?.whatsapp.selfChatMode).toBe(selfChat);
  });

  test.each([
    ['assistant', '30m'],
    ['support-desk', '0m'],
    ['backend-gateway', '0m'],
  ] as const)('profile %s has a heartbeat every %s', (profile, every) => {
    expect(render({ profile }).agents.defaults.heartbeat.every).toBe(every);
  });

  test.each([
    ['linked', {}, 'owner'],
    ['kapso', {}, 'none'],
    ['cloud-api', {}, 'none'],
    ['kapso', { telegram: { owner: '4242', botToken: '777:AAAA-token' } }, 'owner'],
  ] as const)('mode %s with %j: a heartbeat is for %s', (mode, channels, target) => {
    const config = render({ whatsapp: { mode } }, {}, { channels });
    expect(config.agents.defaults.heartbeat.target).toBe(target);
  });

  test.each([
    ['claude-opus-4-6', 'anthropic', 'https://api.anthropic.com', 25],
    ['openai/gpt-5.4', 'openai', 'https://api.openai.com/v1', 15],
    ['google/gemini-3.1-pro', 'google', 'https://generativelanguage.googleapis.com/v1beta', 18],
    ['anthropic/claude-next-9', 'anthropic', 'https://api.anthropic.com', 25],
  ])('model %s: provider, address, price', (model, provider, baseUrl, output) => {
    const config = render({ model });
    expect(Object.keys(config.models.providers)).toEqual([provider]);
    expect(config.models.providers[provider]).toMatchObject({
      baseUrl,
      apiKey: { source: 'file', provider: 'llm', id: 'value' },
      models: [{ cost: { output } }],
    });
    expect(config.agents.defaults.model.primary).toMatch(new RegExp(`^${provider}/`));
    expect(config.secrets.providers.llm.path).toBe('/run/openclaw-gateway/llm-key');
  });

  test('an override of the instance replaces the origin alone', () => {
    const config = render({ model: 'openai/gpt-5.4' }, { openai: 'http://127.0.0.1:9/' });
    expect(config.models.providers.openai.baseUrl).toBe('http://127.0.0.1:9/v1');
  });

  test('a placeholder nobody knows is an error, not text', () => {
    expect(() => fill({ a: '{{nope}}' }, {})).toThrow(/nope/);
  });
});

describe('the files', () => {
  const combinations = WHATSAPP_MODES.flatMap((mode) =>
    PROFILES.map((profile) => ({ mode, profile })),
  );

  test.each(combinations)(
    '$mode, $profile: no placeholder is left, every path is absolute',
    ({ mode, profile }) => {
      const config = document({ whatsapp: { mode }, profile });
      const files = machineFiles({ config, facts: FACTS, layout: layoutOf(''), templates });
      for (const file of files) {
        expect(file.path).toMatch(/^\//);
        // A built program may hold such braces of its own.
        if (!file.path.endsWith('.mjs')) expect(file.content).not.toMatch(/\{\{/);
      }
      const agents = files.find((file) => file.path.endsWith('/AGENTS.md'))?.content ?? '';
      expect(agents).toContain('allison@nine30.com');
      expect(agents).toContain('+15551234567');
      expect(agents.includes('+15559876543')).toBe(mode !== 'linked');
    },
  );

  test.each(WHATSAPP_MODES)('mode %s: a reaction is taught where the bridge sends it', (mode) => {
    const config = document({ whatsapp: { mode } });
    const files = machineFiles({ config, facts: FACTS, layout: layoutOf(''), templates });
    const agents = files.find((file) => file.path.endsWith('/AGENTS.md'))?.content ?? '';
    const [taught = ''] = /\[\[react:.*?\]\]/.exec(agents) ?? [];
    const sent = { kind: 'reaction', emoji: '👍', to: 'wamid.1' };
    const bridged = mode === 'cloud-api' || mode === 'kapso';
    expect(textReplies(taught, 'wamid.1')).toEqual(bridged ? [sent] : []);
  });

  test('our plugin knows the first message by the words in which the pairing service sends it', () => {
    const config = document({ whatsapp: { mode: 'linked' } });
    const files = machineFiles({ config, facts: FACTS, layout: layoutOf(''), templates });
    const json = (name: string) =>
      JSON.parse(files.find(({ path }) => path.endsWith(name))?.content ?? '');
    const { greeting } = json('/settings.json');
    expect(greeting).toMatch(/\w/);
    expect(json('/pairing-settings.json').greeting).toBe(greeting);
  });

  test('nothing that would make OpenClaw delete BOOTSTRAP.md unread', () => {
    const files = machineFiles({
      config: document({}),
      facts: FACTS,
      layout: layoutOf(''),
      templates,
    });
    const inWorkspace = files.map((file) => file.path.split('/workspace/')[1]).filter(Boolean);
    expect(inWorkspace).toEqual(['AGENTS.md', 'HEARTBEAT.md', 'BOOTSTRAP.md']);
  });

  test.each(PROFILES)('profile %s: what it says of who talks to it is true', (profile) => {
    const config = document({ profile });
    const files = machineFiles({ config, facts: FACTS, layout: layoutOf(''), templates });
    const text = (name: string): string =>
      files.find((file) => file.path.endsWith(`/${name}`))?.content ?? '';
    // True of a desk and a gateway, too, as long as nothing stands behind these profiles.
    expect(text('AGENTS.md')).toContain('Nobody else talks to you.');
    expect(text('BOOTSTRAP.md').includes('heartbeat')).toBe(profile === 'assistant');
  });

  test('every command that a text names exists', () => {
    const help = templates['help.txt'] ?? '';
    const named = ['AGENTS.md', 'BOOTSTRAP.md', 'SKILL.md'].flatMap((name) => [
      ...(templates[name] ?? '').matchAll(/(?:^ {4}|`)agent ([a-z-]+)/gm),
    ]);
    expect(named.length).toBeGreaterThan(5);
    for (const [, command] of named) expect(help).toContain(`\n  agent ${command} `);
  });

  test('every command of the program is in its help, and nothing else', () => {
    const program = readFileSync(join(import.meta.dirname, '../../vm-bootstrap/main.ts'), 'utf8');
    const table = program.slice(
      program.indexOf('const COMMANDS'),
      program.indexOf('async function main'),
    );
    const commands = [...table.matchAll(/^ {2}'?([a-z-]+)'?: async/gm)].map(([, name]) => name);
    expect(commands.length).toBeGreaterThan(15);
    const help = [...(templates['help.txt'] ?? '').matchAll(/^ {2}agent ([a-z-]+)/gm)];
    expect([...new Set(help.map(([, name]) => name))].toSorted()).toEqual(commands.toSorted());
  });

  test.each([
    ['linked', true],
    ['cloud-api', false],
  ] as const)('%s: whether the key is taken out of the chat is said as it is', (mode, isTaken) => {
    const number = isTaken ? {} : { whatsappNumber: '+15550009999' };
    const config = document({ whatsapp: { mode }, ...number });
    const files = machineFiles({ config, facts: FACTS, layout: layoutOf(''), templates });
    const text = files.find(({ path }) => path.endsWith('/BOOTSTRAP.md'))?.content ?? '';
    expect(text.includes('take it out of our chat')).toBe(isTaken);
    expect(text.includes('please delete your message')).toBe(!isTaken);
  });

  test("the seed's heartbeat is kept as it stands", () => {
    expect(templates['HEARTBEAT.md']).toContain("Don't spam — quality over quantity");
    expect(templates['HEARTBEAT.md']).toContain(
      'If BOOTSTRAP.md still exists → continue onboarding',
    );
  });

  test('every unit of the plan is a template, and every template is in the plan', () => {
    const files = Object.keys(templates).filter((name) => name.startsWith('units/'));
    expect(UNIT_PLAN.map((unit) => `units/${unit.name}`).sort()).toEqual(files.sort());
  });

  test('in a directory that stands in for /, units name its paths', () => {
    const unit =
      'ExecStartPre=+/usr/local/bin/agent fetch-key\nEnvironment=HOME=/var/lib/x\nReadWritePaths=-/run/a /etc/b\nDocumentation=https://a.b/opt/\n';
    expect(underRoot('/r', unit)).toBe(
      'ExecStartPre=+/r/usr/local/bin/agent fetch-key\nEnvironment=HOME=/r/var/lib/x\nReadWritePaths=-/r/run/a /r/etc/b\nDocumentation=https://a.b/opt/\n',
    );
    expect(underRoot('', unit)).toBe(unit);
  });
});
