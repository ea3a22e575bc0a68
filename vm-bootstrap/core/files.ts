/** Config document -> the files of the machine. Pure: the same inputs give the same list. */

import type { ConfigDocument } from '../../contracts/config-document.ts';
import type { Endpoints } from '../../contracts/instance-metadata.ts';
import { bridgeValues } from './bridge.ts';
import type { Facts } from './facts.ts';
import { GATEWAY_USER, type Layout } from './layout.ts';
import { meterSettings } from './meter-settings.ts';
import { modelOf, usesBridge } from './openclaw-config.ts';
import { linkedPhoneOf, pairingSettings } from './pairing-settings.ts';
import { PROVIDER_FACTS } from './providers.ts';
import { renderText, type TextValues } from './render-text.ts';

export interface FileSpec {
  readonly path: string;
  readonly mode: number;
  readonly owner: string;
  readonly content: string;
  /**
   * `ours`: always as rendered. `shared`: the agent may edit it, its edits are kept.
   * `once`: shared, and never written again after it was handed out and removed.
   */
  readonly keep: 'ours' | 'shared' | 'once';
}

export type Templates = Readonly<Record<string, string>>;

export interface FileInputs {
  readonly config: ConfigDocument;
  readonly facts: Facts;
  readonly layout: Layout;
  readonly templates: Templates;
}

export function template(templates: Templates, name: string): string {
  const text = templates[name];
  if (text === undefined) throw new Error(`template ${name} is missing from the bundle`);
  return text;
}

function textValues({ config, facts, layout, templates }: FileInputs): TextValues {
  const provider = PROVIDER_FACTS[modelOf(config).provider];
  const { mode } = config.whatsapp;
  return {
    agent: facts.agent,
    user: config.user,
    userPhone: config.userPhone,
    whatsappNumber: config.whatsappNumber ?? '',
    linkedPhone: linkedPhoneOf(config),
    greeting: template(templates, 'greeting.txt').trim(),
    timezone: config.timezone,
    budget: String(config.budget),
    model: config.model,
    provider: provider.title,
    keysPage: provider.keysPage,
    linked: mode === 'linked',
    ownNumber: mode !== 'linked',
    bridged: usesBridge(config),
    assistant: config.profile === 'assistant',
    providerId: facts.provider,
    brokerSocket: layout.brokerSocket,
    keyOrigin: layout.keyOrigin,
    stateDir: layout.state,
    supportDesk: config.profile === 'support-desk',
    backendGateway: config.profile === 'backend-gateway',
  };
}

/** Absolute paths in a unit, moved under the directory that stands in for `/`. */
const ABSOLUTE = /(?<=^|[\s=+:-])\/(?=(?:etc|opt|run|usr|var)\/)/gm;

export function underRoot(root: string, text: string): string {
  return root === '' ? text : text.replace(ABSOLUTE, `${root}/`);
}

/**
 * Each channel's plugin knows its address; an environment variable of its own names another.
 * Beware: OpenClaw takes a channel for configured by a variable of its name, and asks npm at each
 * start for a plugin that is not there yet (seen, 2026.9.6).
 */
const gatewayEnv = ({ whatsapp, slack, discord }: Endpoints): string =>
  [
    ...(whatsapp === undefined ? [] : [`OPENCLAW_WHATSAPP_WEB_SOCKET_URL=${whatsapp}`]),
    ...(slack === undefined ? [] : [`SLACK_API_URL=${slack}/api/`]),
    ...(discord === undefined ? [] : [`DISCORD_API_URL=${discord}/api/v10`]),
  ]
    .map((line) => `${line}\n`)
    .join('');

/**
 * Our OpenClaw plugin: root's, for everybody to read. `index.js` is built from
 * vm-bootstrap/plugin by scripts/build.ts.
 */
const PLUGIN_FILES = [
  'package.json',
  'openclaw.plugin.json',
  'settings.json',
  'replies.json',
  'budget.json',
  'index.js',
] as const;

function pluginFiles({ layout, templates }: FileInputs, values: TextValues): FileSpec[] {
  return PLUGIN_FILES.map((name) => {
    const text = template(templates, `plugin/${name}`);
    return {
      path: `${layout.plugin}/${name}`,
      mode: 0o644,
      owner: 'root',
      content: name === 'index.js' ? text : renderText(text, values),
      keep: 'ours',
    };
  });
}

/** The bridge, which the build puts among the templates, where the agent has a business number. */
function bridgeFiles({ config, facts, layout, templates }: FileInputs): FileSpec[] {
  if (!usesBridge(config)) return [];
  const values = {
    ...bridgeValues(facts, config.whatsapp.mode, layout.bridgeState),
    userPhone: config.userPhone,
  };
  const root = { owner: 'root', keep: 'ours' } as const;
  return [
    {
      ...root,
      path: layout.bridgeProgram,
      mode: 0o644,
      content: template(templates, 'bridge.mjs'),
    },
    {
      ...root,
      path: layout.bridgeConfig,
      mode: 0o600,
      content: renderText(template(templates, 'bridge.toml'), values),
    },
  ];
}

const UNIT_FOLDER = 'units/';

function unitFiles({ layout, templates }: FileInputs): FileSpec[] {
  return Object.keys(templates)
    .filter((name) => name.startsWith(UNIT_FOLDER))
    .map((name) => ({
      path: `${layout.units}/${name.slice(UNIT_FOLDER.length)}`,
      mode: 0o644,
      owner: 'root',
      content: underRoot(layout.root, template(templates, name)),
      keep: 'ours',
    }));
}

/** Everything but openclaw.json, which is merged (`openclaw-config.ts`, `merge-config.ts`). */
export function machineFiles(inputs: FileInputs): FileSpec[] {
  const { layout, templates, facts, config } = inputs;
  const values = textValues(inputs);
  const agentFile = (name: string, path: string, keep: FileSpec['keep']): FileSpec => ({
    path,
    mode: 0o600,
    owner: GATEWAY_USER,
    content: renderText(template(templates, name), values),
    keep,
  });
  const rootFile = (path: string, mode: number, content: string): FileSpec => ({
    path,
    mode,
    owner: 'root',
    content,
    keep: 'ours',
  });
  const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;
  const pairing = pairingSettings(facts.agent, config, {
    greeting: template(templates, 'greeting.txt'),
    openclaw: template(templates, 'openclaw.json'),
  });
  const all = [
    rootFile(layout.facts, 0o644, json(facts)),
    rootFile(layout.pairingSettings, 0o600, json(pairing)),
    rootFile(
      layout.meterSettings,
      0o600,
      json(
        meterSettings(
          config,
          renderText(template(templates, 'plugin/budget.json'), values),
          pairing.port,
        ),
      ),
    ),
    rootFile(layout.command, 0o755, underRoot(layout.root, template(templates, 'agent.sh'))),
    rootFile(layout.gatewayEnv, 0o644, gatewayEnv(facts.endpoints)),
    rootFile(layout.guardRules, 0o644, template(templates, 'metadata-guard.nft')),
    ...unitFiles(inputs),
    ...pluginFiles(inputs, values),
    ...bridgeFiles(inputs),
    agentFile('AGENTS.md', `${layout.workspace}/AGENTS.md`, 'shared'),
    agentFile('HEARTBEAT.md', `${layout.workspace}/HEARTBEAT.md`, 'ours'),
    // Not under the workspace: a skill in there is evidence to OpenClaw that somebody lives
    // there already, and it deletes BOOTSTRAP.md unread (seen, 2026.9.6).
    agentFile('SKILL.md', layout.skill, 'ours'),
    agentFile('BOOTSTRAP.md', `${layout.workspace}/BOOTSTRAP.md`, 'once'),
  ];
  const paths = [...all.map((file) => file.path), layout.openclawConfig].sort();
  return [...all, rootFile(layout.fileList, 0o644, json(paths))];
}
