/** Where events come from besides a login: the plane's metadata, the gateway, the owner's mail. */

import { METADATA_PAIRING_REQUEST } from '../../contracts/pairing.ts';
import { codeOf } from '../../contracts/plane-error.ts';
import { pairingReplyAnswer, VM_API_PATHS } from '../../contracts/vm-api.ts';
import type { ChannelState } from '../core/channel-status.ts';
import { heedsReplies, type PairingEvent, type PairingMachine } from '../core/pairing.ts';
import { wrongPhoneOf } from '../core/same-number.ts';
import { waitForMetadata } from '../google/metadata.ts';
import { callPlane } from '../google/plane.ts';
import { readChannel } from './channel.ts';
import type { Surroundings } from './surroundings.ts';

export interface Listener {
  put(event: PairingEvent): void;
  /** As it is now. */
  machine(): PairingMachine;
}

const PAUSE_MS = 10_000;
const REPLY_MS = 60_000;
/** A gateway that starts is asked often, for somebody may be waiting; then now and then. */
const LINK_SOON_MS = 1_000;
const LINK_MS = 15_000;
const LOOKS_AGAIN = 3;
const LOOK_AGAIN_MS = 2_000;

/** The whole directory: of a key that is not there yet, the metadata server says so at once. */
export async function watchRequests({ host }: Surroundings, to: Listener): Promise<never> {
  let etag = '0';
  for (;;) {
    try {
      const seen = await waitForMetadata(host, 'instance/attributes/', etag);
      etag = seen?.etag ?? '0';
      const all = JSON.parse(seen?.text ?? '{}') as Record<string, string>;
      const id = all[METADATA_PAIRING_REQUEST];
      if (id !== undefined) to.put({ type: 'request', id: id.trim() });
      if (seen === undefined) await host.sleep(PAUSE_MS);
    } catch (error) {
      host.log(`agent pair: no answer from the metadata server (${codeOf(error)})`);
      await host.sleep(PAUSE_MS);
    }
  }
}

/**
 * The account's link now. A link that seems gone is looked at again: a reading from before the
 * scan, or from before the channel's start, must not undo it.
 */
async function settledLink({ gateway, host, settings }: Surroundings, to: Listener) {
  const read = () => gateway((rpc) => readChannel(rpc, settings.linkedPhone), LINK_MS);
  let state = await read();
  for (let look = 0; look < LOOKS_AGAIN && to.machine().link === 'linked'; look++) {
    if (state.link === undefined || ['linked', 'foreign'].includes(state.link)) return state;
    await host.sleep(LOOK_AGAIN_MS);
    state = await read();
  }
  return state;
}

/** What a reading means for the machine. @param login it was taken when a login had just ended well */
export function eventOf(
  { link, phone }: ChannelState,
  linkedPhone: string,
  login: boolean,
): PairingEvent | undefined {
  if (link === 'foreign') {
    return { type: 'foreign', wrongPhone: wrongPhoneOf(phone, linkedPhone), login };
  }
  if (login && link === 'linked') return { type: 'connected' };
  return link && { type: 'link', link };
}

/** A link that is to be undone is looked at until it is. */
const paceOf = ({ link }: PairingMachine): number =>
  link === 'unknown' || link === 'foreign' ? LINK_SOON_MS : LINK_MS;

/** What the gateway says of the account, whoever changed it. */
export async function watchLink(surroundings: Surroundings, to: Listener): Promise<never> {
  const { host } = surroundings;
  for (;;) {
    try {
      const state = await settledLink(surroundings, to);
      const event = eventOf(state, surroundings.settings.linkedPhone, false);
      const news = state.link === 'foreign' || state.link !== to.machine().link;
      if (event && news) to.put(event);
    } catch {
      // The gateway starts, or restarts: its own unit's business.
    }
    await host.sleep(paceOf(to.machine()));
  }
}

/** Asks the plane once a minute, while it would be heeded, whether the owner replied "connect". */
export async function watchReplies(surroundings: Surroundings, to: Listener): Promise<never> {
  const { host, facts, settings } = surroundings;
  for (;;) {
    await host.sleep(REPLY_MS);
    // In mode dedicated an admin links the number, at the page.
    if (settings.mode !== 'linked') continue;
    if (!heedsReplies(to.machine(), host.now().getTime())) continue;
    try {
      const answer = await callPlane(host, facts.planeUrl, VM_API_PATHS.pairingReply);
      if (pairingReplyAnswer.parse(answer).connect) to.put({ type: 'reply' });
    } catch (error) {
      host.log(`agent pair: the plane was not asked for replies (${codeOf(error)})`);
    }
  }
}
