/** What is known of an agent's WhatsApp, from what its VM reported and what it publishes. */

import type { Channel, ChannelState } from '../../contracts/agent.ts';
import { type ConfigDocument, isDeviceMode } from '../../contracts/config-document.ts';
import type { Pairing, PairingState } from '../../contracts/pairing.ts';
import { CHANNEL_EVENTS, type ChannelEvent } from '../../contracts/vm-api.ts';

/** The newest report, as one annotation on the config secret: `linked 2026-11-20T17:00:00Z`. */
export interface ChannelNote {
  readonly event: ChannelEvent;
  /** RFC 3339 */
  readonly at: string;
}

export const formatChannel = ({ event, at }: ChannelNote): string => `${event} ${at}`;

/** Undefined when nothing was ever reported (or the text is not ours). */
export function parseChannel(text: string | undefined): ChannelNote | undefined {
  const [first, at = ''] = text?.split(' ') ?? [];
  const event = CHANNEL_EVENTS.find((known) => known === first);
  return event && !Number.isNaN(Date.parse(at)) ? { event, at } : undefined;
}

const OF_EVENT: Readonly<Record<ChannelEvent, ChannelState>> = {
  linked: 'linked',
  restored: 'linked',
  'logged-out': 'logged-out',
  'number-changed': 'unlinked',
  deaf: 'deaf',
};

const OF_PAIRING: Readonly<Record<PairingState, ChannelState>> = {
  idle: 'unlinked',
  expired: 'unlinked',
  starting: 'linking',
  qr: 'linking',
  paused: 'paused',
  linked: 'linked',
  'logged-out': 'logged-out',
};

/** The newer of the two counts. Guest attributes are gone with the VM; the annotation stays. */
export function channelOf(note: ChannelNote | undefined, pairing: Pairing | undefined): Channel {
  const published = pairing && Date.parse(pairing.at);
  if (note && !(published && published > Date.parse(note.at))) {
    return { state: OF_EVENT[note.event], since: note.at };
  }
  return pairing ? { state: OF_PAIRING[pairing.state], since: pairing.at } : { state: 'unlinked' };
}

/** Whether WhatsApp is linked like a device; a business number has nothing to link. */
export const hasDevice = ({ whatsapp: { mode } }: Pick<ConfigDocument, 'whatsapp'>): boolean =>
  isDeviceMode(mode);

/** Whether a phone is linked, whatever the line is like at the moment. */
export const isLinked = ({ state }: Channel): boolean => state === 'linked' || state === 'deaf';
