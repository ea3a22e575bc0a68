/**
 * What `agent meter` must know of the config document. Root's file, with the owner's number
 * in it: systemd hands a copy to the service's own user (LoadCredential=).
 */

import type { ConfigDocument } from '../../contracts/config-document.ts';
import { PlaneError } from '../../contracts/plane-error.ts';
import type { Keyless } from './key-origin.ts';
import { usesBridge, usesWhatsappPlugin } from './openclaw-config.ts';
import { linkedPhoneOf } from './pairing-settings.ts';

/** templates/vm/plugin/budget.json: what the owner reads about the key, and about what is spent on it. */
export type OwnerTexts = Readonly<Record<Keyless | 'stand-in' | 'ownKey', string>>;

export interface MeterSettings {
  readonly timezone: string;
  /** Loopback port of the gateway. */
  readonly port: number;
  /** E.164; undefined where the gateway has no WhatsApp of its own: then the mail has to do. */
  readonly whatsappTo?: string;
  /** E.164; whose phone has to be linked before anything is sent. */
  readonly linkedPhone: string;
  readonly texts: OwnerTexts;
  /** Its channel is the bridge's, and the meter watches that, too: there is no `agent pair`. */
  readonly businessNumber?: true;
}

/** @param texts templates/vm/plugin/budget.json, rendered */
export const meterSettings = (
  config: ConfigDocument,
  texts: string,
  port: number,
): MeterSettings => ({
  timezone: config.timezone,
  port,
  linkedPhone: linkedPhoneOf(config),
  ...(usesWhatsappPlugin(config) && { whatsappTo: config.userPhone }),
  texts: JSON.parse(texts) as OwnerTexts,
  ...(usesBridge(config) && { businessNumber: true }),
});

/** Reads what bootstrap wrote. @throws PlaneError when it did not yet. */
export function parseMeterSettings(text: string | undefined): MeterSettings {
  if (text === undefined)
    throw new PlaneError('FAILED_PRECONDITION', 'This machine was never bootstrapped.');
  return JSON.parse(text) as MeterSettings;
}
