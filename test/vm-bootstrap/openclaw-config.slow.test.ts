import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ADDED_CHANNELS,
  type AddedChannel,
  type ChannelsDocument,
} from '../../contracts/channels.ts';
import { configDocument, PROFILES, WHATSAPP_MODES } from '../../contracts/config-document.ts';
import { PROVIDERS, type Provider } from '../../contracts/models.ts';
import { layoutOf } from '../../vm-bootstrap/core/layout.ts';
import { renderOpenclawConfig } from '../../vm-bootstrap/core/openclaw-config.ts';
import {
  PLUGIN_PROJECTS,
  type PluginChannel,
  pluginPackage,
} from '../../vm-bootstrap/core/plugin-projects.ts';
import { templates } from '../../vm-bootstrap/templates.ts';
import { findOpenclaw } from './support/openclaw.ts';

const MODELS: Readonly<Record<Provider, string>> = {
  anthropic: 'claude-opus-4-6',
  openai: 'openai/gpt-5.4',
  google: 'google/gemini-3.1-pro',
};

let openclaw: Awaited<ReturnType<typeof findOpenclaw>>;
let home: string;

beforeAll(async () => {
  openclaw = await findOpenclaw();
  home = mkdtempSync(join(tmpdir(), 'openclaw-validate-'));
  for (const channel of Object.keys(PLUGIN_PROJECTS) as PluginChannel[]) {
    const project = join(home, PLUGIN_PROJECTS[channel]);
    mkdirSync(project, { recursive: true });
    symlinkSync(join(openclaw.directory, 'node_modules'), join(project, 'node_modules'));
    const dependencies = { [pluginPackage(channel)]: '2026.9.6' };
    writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, dependencies }));
  }
  // OpenClaw leaves a channel unchecked while any plugin is missing. Ours is only looked at here.
  cpSync(join(import.meta.dirname, '../../templates/vm/plugin'), join(home, 'plugin'), {
    recursive: true,
  });
  writeFileSync(join(home, 'plugin/index.js'), 'export default {};');
}, 240_000);

afterAll(() => rmSync(home, { recursive: true, force: true }));

/** What the real OpenClaw says about a configuration. */
async function validate(name: string, text: string): Promise<{ valid: boolean; output: string }> {
  const path = join(home, `${name}.json`);
  writeFileSync(path, text);
  const child = spawn(openclaw.node, [openclaw.entry, 'config', 'validate', '--json'], {
    env: {
      PATH: process.env.PATH,
      HOME: home,
      OPENCLAW_STATE_DIR: home,
      OPENCLAW_CONFIG_PATH: path,
      NODE_COMPILE_CACHE: join(tmpdir(), 'agents-plane-test-compile-cache'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  const [code] = await once(child, 'close');
  return { valid: code === 0, output };
}

/** Every mode, profile and provider; combinations that render alike are asked about once. */
function renderings(): Map<string, string> {
  const layout = { ...layoutOf(''), plugin: join(home, 'plugin') };
  const byText = new Map<string, string>();
  for (const mode of WHATSAPP_MODES)
    for (const profile of PROFILES)
      for (const provider of PROVIDERS) {
        const config = configDocument.parse({
          user: 'allison@nine30.com',
          userPhone: '+15551234567',
          whatsappNumber: '+15559876543',
          whatsapp: { mode },
          profile,
          model: MODELS[provider],
          timezone: 'Europe/Vienna',
        });
        const inputs = {
          config,
          channels: {},
          endpoints: {},
          gatewayToken: 't'.repeat(64),
          layout,
        };
        const text = JSON.stringify(renderOpenclawConfig(templates['openclaw.json'] ?? '', inputs));
        const name = `${mode}-${profile}-${provider}`;
        byText.set(text, `${byText.get(text) ?? ''} ${name}`);
      }
  return byText;
}

test('the real OpenClaw accepts every mode, profile and provider, without a warning', async () => {
  const all = [...renderings()];
  const refused: string[] = [];
  const work = all.map(([text, names], index) => ({ text, names, index }));
  const worker = async (): Promise<void> => {
    for (let next = work.pop(); next !== undefined; next = work.pop()) {
      const { valid, output } = await validate(`config-${next.index}`, next.text);
      if (!valid || !output.includes('"warnings":[]')) refused.push(`${next.names}: ${output}`);
    }
  };
  await Promise.all([worker(), worker()]);
  expect(refused).toEqual([]);
  expect(all.flatMap(([, names]) => names.trim().split(' '))).toHaveLength(36);
}, 120_000);

test('it does refuse what it does not know, so that the test above can fail', async () => {
  const [[text] = ['{}']] = [...renderings()];
  const config = JSON.parse(text);
  config.channels.whatsapp.ackReaction = { emoji: '👀', direct: true };
  expect(await validate('seed-block', JSON.stringify(config))).toMatchObject({ valid: false });
}, 60_000);

const ADDED: ChannelsDocument = {
  telegram: { owner: '4242', botToken: '777:AAAA-token' },
  slack: { owner: 'U012AB3CD', botToken: 'xoxb-1-token', appToken: 'xapp-1-token' },
  discord: { owner: '123456789012345678', token: 'MTIzNDU2Nzg5.GabcdE.token-token-token' },
  signal: { account: '+15550001111', daemon: 'http://127.0.0.1:8080' },
};

function withChannels(
  channels: ChannelsDocument,
  mode: 'linked' | 'kapso',
  ahead: readonly AddedChannel[] = [],
) {
  const config = configDocument.parse({
    user: 'allison@nine30.com',
    userPhone: '+15551234567',
    whatsappNumber: '+15559876543',
    whatsapp: { mode },
  });
  const layout = { ...layoutOf(''), plugin: join(home, 'plugin') };
  const rest = { endpoints: {}, gatewayToken: 't'.repeat(64), layout };
  const inputs = { config, channels, ahead, ...rest };
  // biome-ignore lint/suspicious/noExplicitAny: a test reads into a document of many shapes
  return renderOpenclawConfig(templates['openclaw.json'] ?? '', inputs) as any;
}

test('the real OpenClaw accepts each added channel, and all of them together, without a warning', async () => {
  const cases = [
    ...ADDED_CHANNELS.map((channel) => withChannels({ [channel]: ADDED[channel] }, 'linked')),
    withChannels(ADDED, 'linked'),
    withChannels(ADDED, 'kapso'),
    withChannels({}, 'linked', ['slack', 'discord', 'signal']),
  ];
  for (const [index, config] of cases.entries()) {
    const { valid, output } = await validate(`added-${index}`, JSON.stringify(config));
    expect([valid, output]).toEqual([true, expect.stringContaining('"warnings":[]')]);
    expect(JSON.stringify(config)).not.toContain('token-token');
  }
}, 120_000);

test.each(ADDED_CHANNELS)(
  '%s: a field that is none is refused, so its schema was looked at',
  async (channel) => {
    const config = withChannels(ADDED, 'linked');
    config.channels[channel].streamMode = 'block';
    expect(await validate(`wrong-${channel}`, JSON.stringify(config))).toMatchObject({
      valid: false,
    });
  },
  60_000,
);
