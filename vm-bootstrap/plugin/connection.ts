/** The connections to WhatsApp that OpenClaw's plugin makes, and whose they are. */

import type { PluginApi, WhatsappSocket } from './openclaw.ts';

/** `15551234567:12@s.whatsapp.net` -> `15551234567@s.whatsapp.net` */
export const withoutDevice = (address = ''): string => address.replace(/:\d+@/, '@');

/** Of the account: by number, and by the id that hides it. */
export const addressesOf = (user: WhatsappSocket['user']): string[] =>
  [user?.id, user?.lid].filter(Boolean).map(withoutDevice);

/**
 * From now on, `act` at every connection, before OpenClaw uses it. OpenClaw runs several
 * instances of a plugin: one connection is shown to each of them.
 */
export function eachConnection(api: PluginApi, act: (socket: WhatsappSocket) => void): void {
  const contexts = api.runtime.channel?.runtimeContexts;
  contexts?.watch?.({
    channelId: 'whatsapp',
    capability: 'connection-controller',
    onEvent: ({ type, context }) => {
      if (type !== 'registered') return;
      const controller = context as { getCurrentSock?(): WhatsappSocket | null };
      const socket = controller.getCurrentSock?.();
      if (socket) act(socket);
    },
  });
}
