/** Telegram, Slack, Discord and a signal-cli daemon on loopback, and what `agent channel add` is given for each. */

import type { AddedChannel } from '../../../contracts/channels.ts';
import type { Endpoints } from '../../../contracts/instance-metadata.ts';
import { createDiscord } from '../../../local/discord/server.ts';
import type { Host } from '../../../local/plane/front.ts';
import { serveOnLoopback } from '../../../local/plane/loopback.ts';
import { createSignalDaemon } from '../../../local/signal/server.ts';
import { createSlack } from '../../../local/slack/server.ts';
import { createTelegram } from '../../../local/telegram/server.ts';

/** A turn on a busy machine. */
const WITHIN_MS = 120_000;

/** One channel as a test sees it, whichever it is. */
export interface Chat {
  /** Of `agent channel add`. */
  readonly added: {
    readonly owner?: string;
    readonly account?: string;
    readonly daemon?: string;
    readonly tokens: readonly string[];
  };
  /** Who may write there, as openclaw.json names them. */
  readonly allowed: string;
  ownerSays(text: string): void;
  strangerSays(text: string): void;
  /** What the owner has got, and what anybody else has, oldest first. */
  toOwner(): readonly string[];
  toOthers(): readonly string[];
  /** Waits for what `look` finds. @throws Error after two minutes */
  until<T>(what: string, look: () => T | undefined): Promise<T>;
  /** Open connections to it; undefined for Telegram, which is polled. */
  connections(): number | undefined;
}

export interface Chats extends AsyncDisposable {
  readonly endpoints: Endpoints;
  readonly of: Readonly<Record<AddedChannel, Chat>>;
  /** What the agent called and was refused. */
  refused(): string[];
}

const OWNER = { telegram: 4242, slack: 'U012AB3CD', discord: '223456789012345678' } as const;
/** The owner's own phone number: `userPhone` of the config document. */
const PHONE = '+15551234567';

function telegramChat(
  bot: ReturnType<ReturnType<typeof createTelegram>['bot']>,
  token: string,
): Chat {
  const to = (owner: boolean) =>
    bot.sent.filter(({ chat }) => (chat === OWNER.telegram) === owner).map(({ text }) => text);
  return {
    added: { owner: String(OWNER.telegram), tokens: [token] },
    allowed: String(OWNER.telegram),
    ownerSays: (text) => bot.say({ id: OWNER.telegram, firstName: 'Allison' }, text),
    strangerSays: (text) => bot.say({ id: 666, firstName: 'Mallory' }, text),
    toOwner: () => to(true),
    toOthers: () => to(false),
    until: (what, look) => bot.until(what, look, WITHIN_MS),
    connections: () => undefined,
  };
}

const slackTokens = ['xoxb-1-slack-secret', 'xapp-1-A0ALLISON-1-slack-secret'] as const;

function slackChat(app: ReturnType<ReturnType<typeof createSlack>['app']>): Chat {
  return {
    added: { owner: OWNER.slack, tokens: slackTokens },
    allowed: OWNER.slack,
    ownerSays: (text) => app.say({ id: OWNER.slack, name: 'allison' }, text),
    strangerSays: (text) => app.say({ id: 'U0STRANGER', name: 'mallory' }, text),
    toOwner: () => app.sentTo(OWNER.slack).map(({ text }) => text),
    toOthers: () =>
      app.sent.filter((one) => !app.sentTo(OWNER.slack).includes(one)).map(({ text }) => text),
    until: (what, look) => app.until(what, look, WITHIN_MS),
    connections: app.connections,
  };
}

function discordChat(
  bot: ReturnType<ReturnType<typeof createDiscord>['bot']>,
  token: string,
): Chat {
  return {
    added: { owner: OWNER.discord, tokens: [token] },
    allowed: OWNER.discord,
    ownerSays: (text) => bot.say({ id: OWNER.discord, username: 'allison' }, text),
    strangerSays: (text) => bot.say({ id: '666666666666666666', username: 'mallory' }, text),
    toOwner: () => bot.sentTo(OWNER.discord).map(({ content }) => content),
    toOthers: () =>
      bot.sent
        .filter((one) => !bot.sentTo(OWNER.discord).includes(one))
        .map(({ content }) => content),
    until: (what, look) => bot.until(what, look, WITHIN_MS),
    connections: bot.connections,
  };
}

function signalChat(
  account: ReturnType<ReturnType<typeof createSignalDaemon>['account']>,
  reached: { readonly account: string; readonly daemon: string },
): Chat {
  const to = (owner: boolean) =>
    account.sent
      .filter(({ recipient }) => (recipient === PHONE) === owner)
      .map(({ message }) => message);
  return {
    added: { ...reached, tokens: [] },
    allowed: PHONE,
    ownerSays: (text) => account.say({ number: PHONE, name: 'Allison' }, text),
    strangerSays: (text) => account.say({ number: '+15556660000', name: 'Mallory' }, text),
    toOwner: () => to(true),
    toOthers: () => to(false),
    until: (what, look) => account.until(what, look, WITHIN_MS),
    connections: account.connections,
  };
}

/** @param slackScopes what the manifest in SKILL.md asks for */
export async function startChats(slackScopes: readonly string[]): Promise<Chats> {
  const now = Date.now;
  const telegram = createTelegram({ now });
  const slack = createSlack({ now });
  const discord = createDiscord({ now });
  const signal = createSignalDaemon({ now });
  const stack = new AsyncDisposableStack();
  const url = async (host: Host & { close(): void }): Promise<string> => {
    const server = await serveOnLoopback(host.listener, host.upgrade);
    stack.defer(server.close);
    stack.defer(() => host.close());
    return `http://${server.host}`;
  };
  const endpoints = {
    telegram: await url(telegram),
    slack: await url(slack),
    discord: await url(discord),
  };
  const telegramToken = '777123:AA-telegram-secret';
  const discordToken = 'MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.discord-secret-of-a-bot';
  const [botToken, appToken] = slackTokens;
  const app = slack.app({ botToken, appToken, scopes: slackScopes });
  const bot = discord.bot({ token: discordToken });
  const reached = { account: '+15550001111', daemon: await url(signal) };
  const account = signal.account(reached.account);
  return {
    endpoints,
    of: {
      telegram: telegramChat(telegram.bot(telegramToken), telegramToken),
      slack: slackChat(app),
      discord: discordChat(bot, discordToken),
      signal: signalChat(account, reached),
    },
    refused: () => [...app.refused, ...bot.refused, ...account.refused],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
