/** Whether the running gateway has taken what it was given; read from its own RPC answers. Pure. */

import {
  ADDED_CHANNELS,
  type AddedChannel,
  type ChannelsDocument,
} from '../../contracts/channels.ts';
import type { ChannelsStatus } from './channel-status.ts';
import { addedChannels, needsPlugin } from './channels.ts';

/** Part of the RPC `status`. */
export interface GatewayStatus {
  readonly degradedSecretOwners?: ReadonlyArray<{
    readonly ownerKind: string;
    readonly ownerId: string;
    /** `cold`: has no value; `stale`: goes on with the value it had, as it must once its file is gone. */
    readonly degradationState?: string;
  }>;
}

/** How a reload went, for whoever asked for it. */
export interface ReloadResult {
  /** What stood in the request. */
  readonly id: string;
  readonly ok: boolean;
  /** The gateway did not answer, and starts with them. */
  readonly starting?: boolean;
  readonly message: string;
}

/** True when exactly the added channels are configured; WhatsApp is not looked at. */
export const channelsTaken = (status: ChannelsStatus, wanted: ChannelsDocument): boolean =>
  ADDED_CHANNELS.every(
    (channel) =>
      (status.channels?.[channel]?.configured === true) === (wanted[channel] !== undefined),
  );

/**
 * The channels whose plugin the gateway has yet to load: OpenClaw activates a plugin before it
 * knows which fields of its channel are secrets, and with a SecretRef there already it gives up
 * and restarts itself (seen, 2026.9.6), by when the files with its secrets are gone.
 */
export const pluginsAhead = (
  status: ChannelsStatus,
  wanted: ChannelsDocument,
): readonly AddedChannel[] =>
  addedChannels(wanted).filter(
    (channel) => needsPlugin(channel) && status.channels?.[channel] === undefined,
  );

/** Whose secrets the gateway could not read just now: provider ids, `telegram:default`, ... */
export const degradedOwners = (status: GatewayStatus): readonly string[] =>
  (status.degradedSecretOwners ?? []).map(({ ownerId }) => ownerId);

/** The model providers among them: whose key is not the one in its file. */
export const degradedProviders = (status: GatewayStatus): readonly string[] =>
  (status.degradedSecretOwners ?? [])
    .filter(({ ownerKind }) => ownerKind === 'provider')
    .map(({ ownerId }) => ownerId);

/** True when no model provider is without its key. A channel's token must not hold a gateway up. */
export const hasModelKey = (status: GatewayStatus): boolean =>
  !(status.degradedSecretOwners ?? []).some(
    (owner) => owner.ownerKind === 'provider' && owner.degradationState !== 'stale',
  );
