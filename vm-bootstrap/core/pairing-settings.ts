/**
 * What `agent pair` must know of the config document. Root's file, with the owner's number in
 * it: systemd hands a copy to the service's own user (LoadCredential=).
 */

import type { ConfigDocument, WhatsappMode } from '../../contracts/config-document.ts';
import { PlaneError } from '../../contracts/plane-error.ts';

export interface PairingSettings {
  readonly agent: string;
  readonly mode: WhatsappMode;
  /** Loopback port of the gateway. */
  readonly port: number;
  /** E.164. */
  readonly ownerPhone: string;
  /** E.164; whose WhatsApp is to be linked: the owner's, or the agent's own number. */
  readonly linkedPhone: string;
  /** Minutes within which a connection that delivers nothing is to be noticed, by asking the phone; never, when left out. */
  readonly askPhone?: number;
  /** The first message to the owner; undefined where the owner writes first. */
  readonly greeting?: string;
}

export interface PairingTexts {
  /** Contents of templates/vm/greeting.txt. */
  readonly greeting: string;
  /** Contents of templates/vm/openclaw.json, which says where the gateway listens. */
  readonly openclaw: string;
}

/** E.164: whose phone is to be linked. */
export const linkedPhoneOf = ({ userPhone, whatsappNumber, whatsapp }: ConfigDocument): string =>
  whatsapp.mode === 'linked' ? userPhone : (whatsappNumber ?? userPhone);

export function pairingSettings(
  agent: string,
  config: ConfigDocument,
  { greeting, openclaw }: PairingTexts,
): PairingSettings {
  const { userPhone } = config;
  const { mode, askPhone } = config.whatsapp;
  return {
    agent,
    mode,
    port: (JSON.parse(openclaw) as { gateway: { port: number } }).gateway.port,
    ownerPhone: userPhone,
    linkedPhone: linkedPhoneOf(config),
    ...(askPhone !== undefined && { askPhone }),
    ...(mode === 'linked' && { greeting: greeting.trim() }),
  };
}

/** Reads what bootstrap wrote. @throws PlaneError when it did not yet. */
export function parsePairingSettings(text: string | undefined): PairingSettings {
  if (text === undefined)
    throw new PlaneError('FAILED_PRECONDITION', 'This machine was never bootstrapped.');
  return JSON.parse(text) as PairingSettings;
}
