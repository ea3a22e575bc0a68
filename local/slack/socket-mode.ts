/** Slack's Socket Mode: events over a WebSocket (https://docs.slack.dev/apis/events-api/using-socket-mode). */

import type { WebSocket } from 'ws';
import { z } from 'zod';
import { type App, directWith, type Envelope, newTs, type SlackUser } from './web-api.ts';

/** Somebody's message to the app, as the Events API wraps it. */
export function messageTo(app: App, from: SlackUser, message: string, now: number): Envelope {
  const ts = newTs(app, now);
  const event = {
    ...{ type: 'message', channel_type: 'im', channel: directWith(app, from.id), team: app.team },
    ...{ user: from.id, text: message, ts, event_ts: ts, client_msg_id: `message-${app.nextId++}` },
  };
  const payload = {
    ...{ type: 'event_callback', team_id: app.team, api_app_id: app.id, event },
    ...{ event_id: `Ev${app.nextId++}`, event_time: Math.floor(now / 1000) },
    authorizations: [{ enterprise_id: null, team_id: app.team, user_id: app.user, is_bot: true }],
  };
  return { id: `envelope-${app.nextId++}`, payload, tries: 0 };
}

export function deliver(socket: WebSocket, envelope: Envelope): void {
  const again = envelope.tries++;
  socket.send(
    JSON.stringify({
      ...{ type: 'events_api', envelope_id: envelope.id, payload: envelope.payload },
      accepts_response_payload: false,
      ...{ retry_attempt: again, retry_reason: again === 0 ? '' : 'timeout' },
    }),
  );
}

const acknowledgement = z.looseObject({ envelope_id: z.string() });

/** Greets a connection, and hands it what no other has taken. */
export function accept(
  { app, sockets }: { readonly app: App; readonly sockets: Set<WebSocket> },
  client: WebSocket,
): void {
  sockets.add(client);
  client.on('close', () => {
    sockets.delete(client);
    app.changes.emit('change');
  });
  client.on('message', (data) => {
    const { envelope_id } = acknowledgement.parse(JSON.parse(String(data)));
    const at = app.envelopes.findIndex(({ id }) => id === envelope_id);
    if (at !== -1) app.envelopes.splice(at, 1);
    app.changes.emit('change');
  });
  client.send(
    JSON.stringify({
      ...{ type: 'hello', num_connections: sockets.size },
      connection_info: { app_id: app.id },
    }),
  );
  for (const envelope of app.envelopes) deliver(client, envelope);
  app.changes.emit('change');
}
