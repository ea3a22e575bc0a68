/**
 * The channels secret, `agent-{name}-channels`: the channels that somebody added to an agent
 * besides WhatsApp, with their tokens. Its newest version is the desired state; no version
 * means none. Written and read by the agent's VM alone (docs/decisions/050).
 */

import { z } from 'zod';
import { ADDED_CHANNELS } from './added-channels.ts';
import { phoneNumber } from './config-document.ts';

export { ADDED_CHANNELS, type AddedChannel, CHANNEL_TITLES } from './added-channels.ts';

const token = (shape: RegExp, like: string) =>
  z
    .string()
    .max(512)
    .regex(shape, { error: `does not look like ${like}` });

const owner = (shape: RegExp, like: string) => z.string().regex(shape, { error: `is not ${like}` });

/** Link-local, which is where the metadata server is, and its other address; as URL writes them. */
const METADATA_HOST =
  /^(169\.254\.\d+\.\d+|\[fe[89ab][0-9a-f]:.*|\[::ffff:a9fe:.*|\[fd20:ce::254\]|metadata(\.google\.internal)?\.?)$/;

/** Our broker asks it, which may reach more than the agent may. */
const isElsewhere = (url: string): boolean => !METADATA_HOST.test(new URL(url).hostname);

const NO_DAEMON = 'is not the URL of a signal-cli daemon';

/** Who may write, by the channel's own kind of identity, and what the channel is reached with. */
export const channelsDocument = z.strictObject({
  telegram: z
    .strictObject({
      owner: owner(/^[1-9]\d{0,18}$/, 'a numeric Telegram user id'),
      botToken: token(/^\d{1,20}:[\w-]{4,200}$/, 'a bot token of BotFather'),
    })
    .optional(),
  slack: z
    .strictObject({
      owner: owner(/^[UW][A-Z0-9]{4,20}$/, 'a Slack member id, like U012AB3CD'),
      botToken: token(/^xoxb-[\w-]{4,400}$/, 'a bot token (xoxb-...)'),
      appToken: token(/^xapp-[\w-]{4,400}$/, 'an app-level token (xapp-...)'),
    })
    .optional(),
  discord: z
    .strictObject({
      owner: owner(/^\d{15,21}$/, 'a numeric Discord user id'),
      token: token(/^[\w-]{8,100}\.[\w-]{4,20}\.[\w-]{8,100}$/, 'a Discord bot token'),
    })
    .optional(),
  /** No token: `account` is what a signal-cli daemon at `daemon` holds; the owner is the agent's own. */
  signal: z
    .strictObject({
      account: phoneNumber,
      daemon: z
        .url({ protocol: /^https?$/, error: NO_DAEMON, abort: true })
        .refine(isElsewhere, { error: NO_DAEMON }),
    })
    .optional(),
});
export type ChannelsDocument = z.infer<typeof channelsDocument>;

export const addedChannel = z.enum(ADDED_CHANNELS);
