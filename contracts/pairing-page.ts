/** What the pairing page's script learns from `GET /pair/{token}/state` and `POST /pair/{token}/request`. */

import { z } from 'zod';
import { qrImage, wrongPhone } from './pairing.ts';

/** Somebody scanned with another phone: shown beside whatever comes next. */
const wrong = { wrongPhone: wrongPhone.optional() };

export const pairingView = z.discriminatedUnion('state', [
  /** Nobody asked for a code, or the last one ran out: asking starts one. */
  z.strictObject({ state: z.literal('idle'), ...wrong }),
  /** No code can be had yet. */
  z.strictObject({ state: z.literal('asleep'), why: z.enum(['booting', 'stopped']) }),
  /** Asked for; on its way. `request` is what the caller has just asked; it goes back as `?asked=`. */
  z.strictObject({ state: z.literal('working'), request: z.string().optional(), ...wrong }),
  z.strictObject({
    state: z.literal('code'),
    qr: qrImage,
    /** Names this code; goes back as `?code=`. */
    code: z.string(),
    /** Milliseconds that it can still be scanned. */
    leftMs: z.number(),
    ...wrong,
  }),
  /** The code that the caller has is the one to scan. */
  z.strictObject({ state: z.literal('same'), leftMs: z.number() }),
  /** WhatsApp blocks numbers that try too often. */
  z.strictObject({
    state: z.literal('paused'),
    retryAt: z.string(),
    leftMs: z.number(),
    ...wrong,
  }),
  z.strictObject({ state: z.literal('connected') }),
  z.strictObject({ state: z.literal('dead'), why: z.enum(['unknown', 'expired', 'replaced']) }),
]);
export type PairingView = z.infer<typeof pairingView>;
