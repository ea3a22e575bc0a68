/**
 * Linking an agent's WhatsApp: what the VM says about it, and how the plane asks for a code.
 *
 * The plane asks by writing metadata `agents-plane-pairing-request`; the VM's pairing
 * service sees the change, asks the gateway for a code and publishes it as guest attribute
 * `agents-plane/pairing`, each new code over the one before. WhatsApp's own rhythm: the
 * first code lives 60 s, each later one 20 s, the whole attempt 180 s (FACTS.md).
 */

import { z } from 'zod';

export const GUEST_KEY_PAIRING = 'pairing';
/** Instance metadata; its value is the id of the newest request, and only a change counts. */
export const METADATA_PAIRING_REQUEST = 'agents-plane-pairing-request';

const PAIRING_STATES = [
  /** Not linked, and nobody asks for a code. */
  'idle',
  /** A code was asked for and is on its way. */
  'starting',
  /** `qr` is the code to scan, until `until`. */
  'qr',
  /** Scanned or restored: the channel works. Never carries a code. */
  'linked',
  /** Nobody scanned in time; a new request starts afresh. */
  'expired',
  /** Too many attempts in a row: WhatsApp blocks numbers for that. Nothing before `retryAt`. */
  'paused',
  /** The phone or WhatsApp ended the link; it has to be linked again. */
  'logged-out',
] as const;
export type PairingState = (typeof PAIRING_STATES)[number];

/** Attempts that may fail in a row before we make the owner wait (seeds/002: the number was blocked). */
export const PAIRING_ATTEMPTS_MAX = 3;

/** A code to scan, as a picture. */
export const qrImage = z
  .string()
  .max(32_000)
  .regex(/^data:image\/png;base64,[A-Za-z0-9+/]+=*$/);

const lastTwo = z.string().regex(/^\d{2}$/);

/** Somebody scanned with a phone that the agent is not for. Of both numbers the last two digits, for people. */
export const wrongPhone = z.strictObject({
  /** Undefined when WhatsApp did not say whose phone it is. */
  scanned: lastTwo.optional(),
  expected: lastTwo,
});
export type WrongPhone = z.infer<typeof wrongPhone>;

/** JSON under guest attribute `agents-plane/pairing`; written on change. */
export const pairing = z.object({
  state: z.enum(PAIRING_STATES),
  /** Id of the request that this answers. */
  request: z.string().max(64).optional(),
  /** In state `qr` alone. */
  qr: qrImage.optional(),
  /** RFC 3339; when this code dies. */
  until: z.string().optional(),
  /** Attempts that failed in a row. */
  failures: z.number().int().min(0).default(0),
  /** The last scan was undone: it was another phone's. Until an attempt ends otherwise. */
  wrongPhone: wrongPhone.optional(),
  /** RFC 3339; in state `paused`: when the next attempt may start. */
  retryAt: z.string().optional(),
  /** RFC 3339. */
  at: z.string(),
});
export type Pairing = z.infer<typeof pairing>;
