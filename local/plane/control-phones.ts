/** The phones of a running local plane, as its CLI holds them. */

import { z } from 'zod';
import type { Whatsapp } from '../whatsapp/server.ts';

const phoneRequest = z.strictObject({ phone: z.string() });
const scanRequest = phoneRequest.extend({ code: z.string().min(1) });
const sendRequest = phoneRequest.extend({ to: z.string(), text: z.string().min(1) });
const deviceRequest = phoneRequest.extend({ device: z.number().int() });

export const phoneMessages = z.object({
  messages: z.array(
    z.object({
      id: z.string(),
      chat: z.string(),
      from: z.string(),
      text: z.string(),
      media: z.string().optional(),
      /** RFC 3339. */
      at: z.string(),
      reactions: z.array(z.object({ from: z.string(), emoji: z.string() })),
      revoked: z.boolean(),
      read: z.boolean(),
    }),
  ),
});
export const sentMessage = z.object({ id: z.string() });
export const phoneDevices = z.object({
  devices: z.array(z.object({ id: z.number(), name: z.string(), connected: z.boolean() })),
});

const messagesOf = (whatsapp: Whatsapp, number: string): z.infer<typeof phoneMessages> => ({
  messages: whatsapp.phone(number).messages.map((message) => {
    const { id, chat, from, text, media, reactions, revoked } = message;
    const at = new Date(message.at).toISOString();
    const read = message.readAt !== undefined;
    return { id, chat, from, text, ...(media && { media }), at, reactions, revoked, read };
  }),
});

type Route = (whatsapp: Whatsapp, body: unknown) => Promise<unknown>;

/** Control calls, by path. */
export const PHONE_ROUTES: Readonly<Record<string, Route>> = {
  '/phone/scan': async (whatsapp, body) => {
    const { phone, code } = scanRequest.parse(body);
    return whatsapp.phone(phone).scan(code);
  },
  '/phone/send': async (whatsapp, body) => {
    const { phone, to, text } = sendRequest.parse(body);
    return { id: await whatsapp.phone(phone).send(to, text) };
  },
  '/phone/messages': async (whatsapp, body) => messagesOf(whatsapp, phoneRequest.parse(body).phone),
  '/phone/devices': async (whatsapp, body) => ({
    devices: whatsapp.phone(phoneRequest.parse(body).phone).devices,
  }),
  '/phone/unlink': async (whatsapp, body) => {
    const { phone, device } = deviceRequest.parse(body);
    whatsapp.phone(phone).unlink(device);
    return {};
  },
};
