/** Takes a link back that another phone made: at WhatsApp, then on the disk. */

import { UNLINK_METHOD, type UnlinkParams } from '../core/unlink-method.ts';
import type { Gateway } from '../gateway.ts';

/** Longer than our plugin waits for the channel's connection. */
export const UNLINK_CONNECTION_MS = 20_000;

/**
 * Our plugin is told whose phone it is to be: after a change of number, the gateway that answers may
 * be the one that is just being restarted, with the number before.
 * OpenClaw's own logout clears the credentials and tells WhatsApp nothing: the phone would go on
 * listing a device. Our plugin tells it, if the channel's connection opens; if not, the device
 * stays in the list, with nobody behind it.
 * @param linkedPhone E.164; a phone with this number stays linked
 * @throws PlaneError when the credentials are still there: call again
 */
export async function unlink(gateway: Gateway, linkedPhone: string): Promise<void> {
  const unless: UnlinkParams = { linkedPhone };
  await gateway.call(UNLINK_METHOD, unless).catch(() => undefined);
  await gateway.call('channels.logout', { channel: 'whatsapp' });
}
