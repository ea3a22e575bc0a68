/** Discord's Gateway: events over a WebSocket (https://docs.discord.com/developers/events/gateway). */

import type { WebSocket } from 'ws';
import { z } from 'zod';
import {
  type Bot,
  botUser,
  type DiscordUser,
  directWith,
  messageBy,
  newId,
  personOf,
} from './rest.ts';

const OP = {
  dispatch: 0,
  heartbeat: 1,
  identify: 2,
  resume: 6,
  invalidSession: 9,
  hello: 10,
  heartbeatAck: 11,
} as const;
const CLOSE = { authenticationFailed: 4004, disallowedIntents: 4014 } as const;

export const INTENTS = {
  guildMembers: 1 << 1,
  guildPresences: 1 << 8,
  directMessages: 1 << 12,
  messageContent: 1 << 15,
} as const;
/** Those that have to be switched on for an application in the developer portal. */
const PRIVILEGED = INTENTS.guildMembers | INTENTS.guildPresences | INTENTS.messageContent;

/** Milliseconds; Discord's own is 41 s. */
const HEARTBEAT_MS = 41_250;

/** What a bot's client has seen, and may take up again where its connection broke. */
export interface Session {
  readonly id: string;
  readonly intents: number;
  readonly events: { readonly s: number; readonly t: string; readonly d: object }[];
  socket: WebSocket | undefined;
}

export interface Known {
  readonly bot: Bot;
  readonly sessions: Session[];
  /** Close codes that the gateway gave, oldest first. */
  readonly closed: number[];
}

const frame = z.object({ op: z.number(), d: z.unknown() });
const identify = z.looseObject({ token: z.string(), intents: z.number() });
const resume = z.looseObject({ token: z.string(), session_id: z.string(), seq: z.number() });

const send = (socket: WebSocket | undefined, body: object): void =>
  socket?.send(JSON.stringify(body));

function dispatch(session: Session, t: string, d: object): void {
  const event = { s: session.events.length + 1, t, d };
  session.events.push(event);
  send(session.socket, { op: OP.dispatch, ...event });
}

/** Somebody writes to the bot: everybody's client that asked for direct messages hears it, content and all. */
export function say(
  { bot, sessions }: Known,
  from: DiscordUser,
  content: string,
  now: number,
): void {
  bot.users.set(from.id, from);
  const place = { id: newId(bot, now), channel: directWith(bot, from.id, now), content };
  for (const session of sessions) {
    if ((session.intents & INTENTS.directMessages) === 0) continue;
    dispatch(session, 'MESSAGE_CREATE', messageBy(personOf(from), place, now));
  }
}

/**
 * Serves one connection.
 * @param find the bot whose token that is
 * @param url where the client finds the gateway again
 */
export function accept(
  client: WebSocket,
  find: (token: string) => Known | undefined,
  url: string,
): void {
  let here: { readonly known: Known; readonly session: Session } | undefined;
  const refuse = (code: number, known?: Known): void => {
    known?.closed.push(code);
    client.close(code);
    known?.bot.changes.emit('change');
  };
  const join = (known: Known, session: Session): void => {
    session.socket = client;
    here = { known, session };
    known.bot.changes.emit('change');
  };
  const answers: Readonly<Record<number, (d: unknown) => void>> = {
    [OP.heartbeat]: () => send(client, { op: OP.heartbeatAck }),
    [OP.identify](d) {
      const { token, intents } = identify.parse(d);
      const known = find(token);
      if (!known) return refuse(CLOSE.authenticationFailed);
      const { bot, sessions } = known;
      if ((intents & PRIVILEGED & ~bot.privileged) !== 0) {
        return refuse(CLOSE.disallowedIntents, known);
      }
      const session = { id: `session-${bot.count++}`, intents, events: [], socket: client };
      sessions.push(session);
      dispatch(session, 'READY', {
        ...{ v: 10, user: botUser(bot), guilds: [], session_id: session.id },
        ...{ resume_gateway_url: url, application: { id: bot.id, flags: 0 } },
      });
      join(known, session);
    },
    [OP.resume](d) {
      const { token, session_id, seq } = resume.parse(d);
      const known = find(token);
      const session = known?.sessions.find(({ id }) => id === session_id);
      if (!known || !session) return send(client, { op: OP.invalidSession, d: false });
      for (const event of session.events.filter(({ s }) => s > seq)) {
        send(client, { op: OP.dispatch, ...event });
      }
      join(known, session);
      dispatch(session, 'RESUMED', {});
    },
  };
  client.on('message', (data) => {
    const { op, d } = frame.parse(JSON.parse(String(data)));
    answers[op]?.(d);
  });
  client.on('close', () => {
    if (here?.session.socket !== client) return;
    here.session.socket = undefined;
    here.known.bot.changes.emit('change');
  });
  send(client, { op: OP.hello, d: { heartbeat_interval: HEARTBEAT_MS } });
}
