/** The channels that can be added to an agent, beside WhatsApp. Without a schema: the plugin on the VM needs nothing else. */

export const ADDED_CHANNELS = ['telegram', 'slack', 'discord', 'signal'] as const;
export type AddedChannel = (typeof ADDED_CHANNELS)[number];

export const CHANNEL_TITLES: Readonly<Record<AddedChannel, string>> = {
  telegram: 'Telegram',
  slack: 'Slack',
  discord: 'Discord',
  signal: 'Signal',
};
