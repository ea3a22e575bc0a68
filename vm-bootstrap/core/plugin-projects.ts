/**
 * Where OpenClaw itself would install its channel plugins: a folder of its state directory for
 * each; the digits are its digest of the package's name (the first ten of SHA-256).
 */

import type { AddedChannel, ChannelsDocument } from '../../contracts/channels.ts';
import type { ConfigDocument } from '../../contracts/config-document.ts';
import { addedChannels, needsPlugin } from './channels.ts';
import { usesWhatsappPlugin } from './openclaw-config.ts';

export type PluginChannel = 'whatsapp' | Exclude<AddedChannel, 'telegram'>;

export const pluginPackage = (channel: PluginChannel): string => `@openclaw/${channel}`;

export const PLUGIN_PROJECTS: Readonly<Record<PluginChannel, string>> = {
  whatsapp: 'npm/projects/openclaw-whatsapp-290d7f7427',
  slack: 'npm/projects/openclaw-slack-b25c10c1bd',
  discord: 'npm/projects/openclaw-discord-c0892df945',
  signal: 'npm/projects/openclaw-signal-dc91bfc2e9',
};

/** The channels of an agent whose plugin does not come with OpenClaw. @param ahead see `ConfigInputs` */
export function pluginChannels(
  config: ConfigDocument,
  channels: ChannelsDocument,
  ahead: readonly AddedChannel[] = [],
): readonly PluginChannel[] {
  const added = [...addedChannels(channels), ...ahead].filter(needsPlugin);
  return [...(usesWhatsappPlugin(config) ? (['whatsapp'] as const) : []), ...added];
}
