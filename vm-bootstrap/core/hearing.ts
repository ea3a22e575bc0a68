/** What our plugin sees of the connection to WhatsApp that `channels.status` does not show. */

/** RPC of our plugin in the gateway. */
export const HEARING_METHOD = 'agentsplane.hearing';

/** RPC of our plugin: ends the gateway as `systemctl stop` does; systemd starts it anew. */
export const RESTART_METHOD = 'agentsplane.restart';

export interface HearingParams {
  /** Ask the account's phone for a message to this device. */
  readonly askPhone: boolean;
}

/** Times are milliseconds since the epoch. Empty while there is no connection. */
export interface Hearing {
  /** When a message was last handled, or since when an entry of ours waits in Baileys' queue, through which every message goes. */
  readonly handledAt?: number;
  /** When WhatsApp last delivered something: a message, or a receipt for one. */
  readonly deliveredAt?: number;
}
