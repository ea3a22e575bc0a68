/**
 * openclaw.json of one agent, from the template, the config document and the machine.
 * What the fields mean on OpenClaw 2026.9.6: FACTS.md, "OpenClaw".
 */

import type { AddedChannel, ChannelsDocument } from '../../contracts/channels.ts';
import { type ConfigDocument, isDeviceMode } from '../../contracts/config-document.ts';
import type { Endpoints } from '../../contracts/instance-metadata.ts';
import { type ModelRef, parseModel } from '../../contracts/models.ts';
import { PlaneError } from '../../contracts/plane-error.ts';
import {
  addedChannels,
  ENFORCED_OF_CHANNELS,
  ownerOn,
  REFUSED_OF_CHANNELS,
  renderChannels,
} from './channels.ts';
import type { Json, JsonObject } from './json.ts';
import type { Layout } from './layout.ts';
import type { Rules } from './merge-config.ts';
import { catalogEntry } from './model-catalog.ts';
import { PROVIDER_FACTS, providerOrigin } from './providers.ts';

/**
 * What nobody but the plane decides: who may talk to the agent, who may reach its gateway,
 * where its key comes from. Dotted paths of openclaw.json; see `mergeConfig`.
 */
const ENFORCED: readonly string[] = [
  'gateway.mode',
  'gateway.port',
  'gateway.bind',
  'gateway.auth',
  'gateway.http.endpoints.chatCompletions',
  'secrets.providers.llm',
  'secrets.providers.channels',
  // Where the key is sent, and the prices that the budget is counted with.
  'models.providers',
  'channels.whatsapp.dmPolicy',
  'channels.whatsapp.allowFrom',
  'channels.whatsapp.groupPolicy',
  'commands.ownerAllowFrom',
  'plugins.entries.whatsapp.enabled',
  // Keys are kept from the model by it (docs/decisions/046).
  'plugins.entries.agents-plane',
  'telemetry.enabled',
  'update',
  ...ENFORCED_OF_CHANNELS,
];

export const RULES: Rules = {
  enforced: ENFORCED,
  refused: new Set([
    'channels.whatsapp.accounts',
    // Commands of whoever is in it are taken, whatever a channel's own allowlist says.
    'commands.allowFrom',
    ...REFUSED_OF_CHANNELS,
  ]),
};

/** Only the assistant acts unasked; the other profiles answer clients. */
export const hasHeartbeat = (config: ConfigDocument): boolean => config.profile === 'assistant';

/** Cloud API and Kapso messages come through our bridge, not through OpenClaw's WhatsApp plugin. */
export const usesWhatsappPlugin = (config: ConfigDocument): boolean =>
  isDeviceMode(config.whatsapp.mode);

export const usesBridge = (config: ConfigDocument): boolean => !usesWhatsappPlugin(config);

export interface ConfigInputs {
  readonly config: ConfigDocument;
  readonly channels: ChannelsDocument;
  /** Channels whose plugin runs already, and nothing else of them yet. */
  readonly ahead?: readonly AddedChannel[];
  readonly endpoints: Endpoints;
  readonly gatewayToken: string;
  readonly layout: Layout;
}

/** The model of a document. Documents are validated, so a model that does not parse is our own bug. */
export function modelOf(config: ConfigDocument): ModelRef {
  const model = parseModel(config.model);
  if (model === undefined) throw new PlaneError('INTERNAL', 'The model was not validated.');
  return model;
}

function valuesOf(inputs: ConfigInputs): Record<string, Json> {
  const { config, layout } = inputs;
  const model = modelOf(config);
  const entry = catalogEntry(model);
  const facts = PROVIDER_FACTS[model.provider];
  return {
    gatewayToken: inputs.gatewayToken,
    keyFile: layout.keyFile,
    channelsFile: layout.channelsFile,
    workspace: layout.workspace,
    ownPlugin: layout.plugin,
    provider: model.provider,
    modelId: model.id,
    baseUrl: `${providerOrigin(model.provider, inputs.endpoints)}${facts.basePath}`,
    api: facts.api,
    cost: { ...entry.cost },
    contextWindow: entry.contextWindow,
    maxTokens: entry.maxTokens,
    timezone: config.timezone,
    heartbeatEvery: hasHeartbeat(config) ? '30m' : '0m',
    ownerPhone: config.userPhone,
    // Linked: the plugin sits in the owner's own account and they write to themselves.
    selfChat: config.whatsapp.mode === 'linked',
  };
}

const WHOLE = /^\{\{(\w+)\}\}$/;
const PART = /\{\{(\w+)\}\}/g;

function lookUp(values: Readonly<Record<string, Json>>, name: string): Json {
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (value === undefined) throw new PlaneError('INTERNAL', `Unknown placeholder {{${name}}}.`);
  return value;
}

/** Replaces `{{name}}` in keys and strings; a string that is one placeholder takes the value's own type. */
export function fill(template: Json, values: Readonly<Record<string, Json>>): Json {
  const text = (source: string): string =>
    source.replace(PART, (_, name: string) => String(lookUp(values, name)));
  if (typeof template === 'string') {
    const whole = WHOLE.exec(template)?.[1];
    return whole === undefined ? text(template) : lookUp(values, whole);
  }
  if (Array.isArray(template)) return template.map((item) => fill(item, values));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([key, value]) => [text(key), fill(value, values)]),
  );
}

type Mutable = { [key: string]: Mutable } & Record<string, unknown>;

/**
 * @param template contents of templates/vm/openclaw.json.
 * @returns the document we want; what is on the machine is merged in by `mergeConfig`.
 */
export function renderOpenclawConfig(template: string, inputs: ConfigInputs): JsonObject {
  const filled = fill(JSON.parse(template) as Json, valuesOf(inputs)) as JsonObject;
  const document = structuredClone(filled) as unknown as Mutable;
  if (!usesWhatsappPlugin(inputs.config)) {
    const plugins = document.plugins as Mutable;
    const entries = plugins.entries as Mutable;
    delete document.channels;
    delete entries.whatsapp;
    const without = (list: unknown, one: string) =>
      (list as readonly string[]).filter((item) => item !== one);
    Object.assign(plugins, { allow: without(plugins.allow, 'whatsapp') });
    // OpenClaw skips a heartbeat for an owner whom no channel reaches ("no-route"): it runs, and may send a mail.
    if (addedChannels(inputs.channels).length === 0) {
      Object.assign((document.agents as Mutable).defaults?.heartbeat as Mutable, {
        target: 'none',
      });
    }
  }
  return withChannels(document as unknown as JsonObject, inputs);
}

const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);
const objectOf = (value: Json | undefined): JsonObject => (value ?? {}) as JsonObject;

/** The added channels on top: their own block, their plugin, their owner among the owners. */
function withChannels(document: JsonObject, inputs: ConfigInputs): JsonObject {
  const { channels, config, endpoints, ahead = [] } = inputs;
  const added = addedChannels(channels);
  const loaded = [...added, ...ahead];
  if (loaded.length === 0) return document;
  const commands = objectOf(document.commands);
  const plugins = objectOf(document.plugins);
  const entries = loaded.map((channel) => [channel, { enabled: true }] as const);
  const owners = added.map(
    (channel) => `${channel}:${ownerOn(channels, channel, config.userPhone)}`,
  );
  return {
    ...document,
    channels: {
      ...objectOf(document.channels),
      ...renderChannels(channels, config.userPhone, endpoints),
    },
    commands: { ...commands, ownerAllowFrom: [...listOf(commands.ownerAllowFrom), ...owners] },
    plugins: {
      ...plugins,
      allow: [...listOf(plugins.allow), ...loaded],
      entries: { ...objectOf(plugins.entries), ...Object.fromEntries(entries) },
    },
  };
}
