/** Asks the gateway what it says of its channels. */

import { type ChannelState, type ChannelsStatus, channelStateOf } from '../core/channel-status.ts';
import type { Gateway } from '../gateway.ts';

/** RPC `channels.status`. */
export const channelsStatus = async (gateway: Gateway): Promise<ChannelsStatus> =>
  (await gateway.call('channels.status', {})) as ChannelsStatus;

/** @param linkedPhone E.164; whose phone the WhatsApp account has to be */
export async function readChannel(gateway: Gateway, linkedPhone: string): Promise<ChannelState> {
  const { channels } = await channelsStatus(gateway);
  return channelStateOf(channels?.whatsapp ?? {}, linkedPhone);
}
