/** Slack's Web API as one app sees it (https://docs.slack.dev/reference/methods), without a network. */

import { z } from 'zod';
import type { Changes } from '../changes.ts';

/** A person of the workspace. */
export interface SlackUser {
  readonly id: string;
  readonly name: string;
}

export interface SentMessage {
  readonly ts: string;
  readonly channel: string;
  text: string;
  deleted: boolean;
}

/** What Slack has to tell the app, until the app says that it has it. */
export interface Envelope {
  readonly id: string;
  readonly payload: object;
  tries: number;
}

export interface App {
  readonly id: string;
  readonly team: string;
  readonly user: string;
  readonly bot: string;
  readonly name: string;
  /** Of the bot token, as the manifest asks for them. */
  readonly scopes: readonly string[];
  readonly users: Map<string, SlackUser>;
  /** Direct messages that were opened, by person. */
  readonly directs: Map<string, string>;
  /** What the app sent, in order. */
  readonly sent: SentMessage[];
  readonly envelopes: Envelope[];
  /** Reactions that stand now: `eyes 1700000000.000001`. */
  readonly reactions: Set<string>;
  /** Of `apps.connections.open`: each opens one connection. */
  readonly tickets: Set<string>;
  nextId: number;
  readonly changes: Changes;
}

/** An answer that is not `ok`. */
export class SlackError extends Error {
  readonly details: object;

  /** @param code of the method's page, `channel_not_found` */
  constructor(code: string, details: object = {}) {
    super(code);
    this.details = details;
  }
}

const id = z.string().min(1);
const inChannel = z.looseObject({ channel: id });
const posting = inChannel.extend({ text: z.string().min(1).max(40_000) });
const naming = inChannel.extend({ ts: id });
const reacting = inChannel.extend({ timestamp: id, name: z.string().regex(/^[a-z0-9_+'-]+$/) });

/** The direct message between a person and the app. */
export function directWith(app: App, user: string): string {
  const known = app.directs.get(user) ?? `D${user.slice(1)}`;
  app.directs.set(user, known);
  return known;
}

/** Seconds since 1970 and a count, unique in a channel. */
export const newTs = (app: App, now: number): string =>
  `${Math.floor(now / 1000)}.${String(app.nextId++).padStart(6, '0')}`;

function userIn(app: App, channel: string): string {
  const found = [...app.directs].find(([, direct]) => direct === channel);
  if (!found) throw new SlackError('channel_not_found');
  return found[0];
}

function find(app: App, params: unknown): SentMessage {
  const { channel, ts } = naming.parse(params);
  userIn(app, channel);
  const found = app.sent.find((one) => one.ts === ts && one.channel === channel && !one.deleted);
  if (!found) throw new SlackError('message_not_found');
  return found;
}

const shown = (app: App, { ts, text }: SentMessage) => ({
  ...{ type: 'message', user: app.user, bot_id: app.bot, app_id: app.id, team: app.team },
  ...{ ts, text },
});

const profileOf = (app: App, { id: user, name }: SlackUser) => ({
  ...{ id: user, team_id: app.team, name, real_name: name, deleted: false, is_bot: false },
  profile: { real_name: name, display_name: name },
});

interface Method {
  /** What the token has to be allowed. */
  readonly scope?: string;
  /** The app-level token's; all others take the bot token. */
  readonly ofApp?: true;
  call(app: App, params: unknown, now: number): object;
}

const react = (change: (app: App, reaction: string) => void): Method => ({
  scope: 'reactions:write',
  call(app, params) {
    const { channel, timestamp, name } = reacting.parse(params);
    userIn(app, channel);
    change(app, `${name} ${timestamp}`);
    app.changes.emit('change');
    return {};
  },
});

/** What OpenClaw's Slack channel calls; anything else is Slack's own `unknown_method`. */
export const METHODS: Readonly<Record<string, Method>> = {
  'auth.test': {
    call: ({ team, user, bot, name }) => ({
      ...{ url: 'https://nine30.slack.com/', team: 'Nine30', team_id: team, user: name },
      ...{ user_id: user, bot_id: bot, is_enterprise_install: false },
    }),
  },
  'apps.connections.open': {
    scope: 'connections:write',
    ofApp: true,
    call(app) {
      const ticket = `ticket-${app.nextId++}`;
      app.tickets.add(ticket);
      return { ticket };
    },
  },
  'users.info': {
    scope: 'users:read',
    call(app, params) {
      const user = app.users.get(z.looseObject({ user: id }).parse(params).user);
      if (!user) throw new SlackError('user_not_found');
      return { user: profileOf(app, user) };
    },
  },
  'conversations.open': {
    scope: 'im:write',
    call(app, params) {
      const { users } = z.looseObject({ users: id }).parse(params);
      if (!app.users.has(users)) throw new SlackError('user_not_found');
      return { channel: { id: directWith(app, users) } };
    },
  },
  'conversations.info': {
    scope: 'im:read',
    call(app, params) {
      const { channel } = inChannel.parse(params);
      return { channel: { id: channel, is_im: true, user: userIn(app, channel) } };
    },
  },
  'chat.postMessage': {
    scope: 'chat:write',
    call(app, params, now) {
      const { channel, text } = posting.parse(params);
      const direct = app.users.has(channel) ? directWith(app, channel) : channel;
      userIn(app, direct);
      const message = { ts: newTs(app, now), channel: direct, text, deleted: false };
      app.sent.push(message);
      app.changes.emit('change');
      return { channel: direct, ts: message.ts, message: shown(app, message) };
    },
  },
  'chat.update': {
    scope: 'chat:write',
    call(app, params) {
      const message = find(app, params);
      message.text = posting.parse(params).text;
      app.changes.emit('change');
      const { channel, ts, text } = message;
      return { channel, ts, text, message: shown(app, message) };
    },
  },
  'chat.delete': {
    scope: 'chat:write',
    call(app, params) {
      const message = find(app, params);
      message.deleted = true;
      app.changes.emit('change');
      return { channel: message.channel, ts: message.ts };
    },
  },
  'reactions.add': react((app, reaction) => {
    if (app.reactions.has(reaction)) throw new SlackError('already_reacted');
    app.reactions.add(reaction);
  }),
  'reactions.remove': react((app, reaction) => {
    if (!app.reactions.delete(reaction)) throw new SlackError('no_reaction');
  }),
};
