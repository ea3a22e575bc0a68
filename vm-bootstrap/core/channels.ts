/**
 * The channels that can be added beside WhatsApp: what each is in openclaw.json, and the one
 * request that tells whether its token works. Pure. Fields: `openclaw config schema` and
 * docs/channels/*.md of OpenClaw 2026.9.6.
 */

import {
  ADDED_CHANNELS,
  type AddedChannel,
  type ChannelsDocument,
} from '../../contracts/channels.ts';
import type { Endpoints } from '../../contracts/instance-metadata.ts';
import { below } from '../../contracts/url.ts';
import type { Json, JsonObject } from './json.ts';

/** Name of the secrets provider in templates/vm/openclaw.json that reads the channels' tokens. */
const PROVIDER = 'channels';

/** Telegram comes with OpenClaw; the others are packages of their own (infra/image/package.json). */
export const needsPlugin = (channel: AddedChannel): channel is Exclude<AddedChannel, 'telegram'> =>
  channel !== 'telegram';

/** Who may write, and who tells us who wrote: Slack's relay and Signal's daemon could say anything. */
const FIELDS = ['enabled', 'dmPolicy', 'allowFrom', 'groupPolicy'] as const;
const SOURCES = ['botToken', 'appToken', 'token', 'mode', 'account', 'transport'] as const;

/** What nobody but the channels document decides, for each channel that is in it. */
export const ENFORCED_OF_CHANNELS: readonly string[] = ADDED_CHANNELS.flatMap((channel) =>
  [...FIELDS, ...SOURCES].map((field) => `channels.${channel}.${field}`),
);

/**
 * What counts in the place of those fields, or beside them: an account's own policy, a policy for
 * one chat or group, group chats that are no groups to `groupPolicy`, a name that is the owner's id,
 * another server than Telegram's. Groups, guilds and channels do nothing else while groups are off.
 */
const AROUND: Readonly<Record<AddedChannel, readonly string[]>> = {
  telegram: ['accounts', 'direct', 'groups', 'apiRoot'],
  slack: ['accounts', 'dm', 'channels', 'dangerouslyAllowNameMatching'],
  discord: ['accounts', 'dm', 'guilds', 'dangerouslyAllowNameMatching'],
  signal: ['accounts'],
};

export const REFUSED_OF_CHANNELS: readonly string[] = ADDED_CHANNELS.flatMap((channel) =>
  AROUND[channel].map((field) => `channels.${channel}.${field}`),
);

export const addedChannels = (document: ChannelsDocument): readonly AddedChannel[] =>
  ADDED_CHANNELS.filter((channel) => document[channel] !== undefined);

export const withoutChannels = (
  document: ChannelsDocument,
  left: readonly AddedChannel[],
): ChannelsDocument =>
  Object.fromEntries(
    Object.entries(document).filter(([channel]) => !left.includes(channel as AddedChannel)),
  );

/** Who may write on a channel, as its allowlist names them. */
export function ownerOn(
  document: ChannelsDocument,
  channel: AddedChannel,
  userPhone: string,
): string {
  if (channel === 'signal') return userPhone;
  return document[channel]?.owner ?? '';
}

/** A value of the channels document, as a file SecretRef (RFC 6901 pointer). */
const ref = (channel: AddedChannel, field: string): JsonObject => ({
  source: 'file',
  provider: PROVIDER,
  id: `/${channel}/${field}`,
});

function reachedBy(
  document: ChannelsDocument,
  channel: AddedChannel,
  endpoints: Endpoints,
): JsonObject {
  switch (channel) {
    case 'telegram':
      return {
        botToken: ref('telegram', 'botToken'),
        ...(endpoints.telegram !== undefined && { apiRoot: endpoints.telegram }),
      };
    case 'slack':
      return {
        mode: 'socket',
        botToken: ref('slack', 'botToken'),
        appToken: ref('slack', 'appToken'),
      };
    case 'discord':
      // Asked for by default, it has to be switched on for the application, or Discord hangs up
      // (4014). Direct messages have their content without.
      return { token: ref('discord', 'token'), intents: { messageContent: false } };
    case 'signal':
      return {
        account: document.signal?.account ?? '',
        transport: { kind: 'external-native', url: document.signal?.daemon ?? '' },
      };
  }
}

/** `channels.*` of openclaw.json: one person may write, groups are off. */
export function renderChannels(
  document: ChannelsDocument,
  userPhone: string,
  endpoints: Endpoints,
): Readonly<Record<string, Json>> {
  return Object.fromEntries(
    addedChannels(document).map((channel) => [
      channel,
      {
        enabled: true,
        ...reachedBy(document, channel, endpoints),
        dmPolicy: 'allowlist',
        allowFrom: [ownerOn(document, channel, userPhone)],
        groupPolicy: 'disabled',
      },
    ]),
  );
}

export interface TokenCheck {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
}

const ORIGINS = {
  telegram: 'https://api.telegram.org',
  slack: 'https://slack.com',
  discord: 'https://discord.com',
} as const;
export type ChannelOrigins = Readonly<Record<keyof typeof ORIGINS, string>>;

/** Origins of the channels' APIs; a machine's endpoints may say otherwise. */
export const channelOrigins = (endpoints: Endpoints): ChannelOrigins => ({
  telegram: endpoints.telegram ?? ORIGINS.telegram,
  slack: endpoints.slack ?? ORIGINS.slack,
  discord: endpoints.discord ?? ORIGINS.discord,
});

/**
 * Requests that change nothing and answer well only for tokens that work:
 * https://core.telegram.org/bots/api#getme, https://docs.slack.dev/reference/methods/auth.test,
 * https://docs.slack.dev/reference/methods/apps.connections.open (opens nothing by itself),
 * https://discord.com/developers/docs/resources/user#get-current-user; for Signal, the
 * daemon's own probe (signal-cli-jsonrpc(5)).
 */
export function tokenChecks(
  document: ChannelsDocument,
  channel: AddedChannel,
  origins: ChannelOrigins,
): readonly TokenCheck[] {
  const { telegram, slack, discord, signal } = document;
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  if (channel === 'telegram' && telegram) {
    return [
      { url: `${origins.telegram}/bot${telegram.botToken}/getMe`, method: 'GET', headers: {} },
    ];
  }
  if (channel === 'slack' && slack) {
    const at = (method: string) => `${origins.slack}/api/${method}`;
    return [
      { url: at('auth.test'), method: 'POST', headers: bearer(slack.botToken) },
      { url: at('apps.connections.open'), method: 'POST', headers: bearer(slack.appToken) },
    ];
  }
  if (channel === 'discord' && discord) {
    const headers = { authorization: `Bot ${discord.token}` };
    return [{ url: `${origins.discord}/api/v10/users/@me`, method: 'GET', headers }];
  }
  if (channel === 'signal' && signal) {
    const url = below(signal.daemon, '/api/v1/check');
    return [{ url, method: 'GET', headers: {} }];
  }
  return [];
}

/** What an answer says of the token. Slack answers 200 with `"ok":false` for a bad one. */
export function tokenVerdict(status: number, text: string): 'good' | 'refused' | 'unknown' {
  if (status >= 200 && status < 300) return isRefusal(text) ? 'refused' : 'good';
  // Telegram answers 404 to a token that is not one.
  return [400, 401, 403, 404].includes(status) ? 'refused' : 'unknown';
}

function isRefusal(text: string): boolean {
  try {
    return (JSON.parse(text) as { ok?: boolean } | null)?.ok === false;
  } catch {
    return false;
  }
}
