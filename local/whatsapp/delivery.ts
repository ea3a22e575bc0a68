/** Stanzas on their way to devices: kept until the device confirms them, sent again after a reconnect. */

import { SERVER_JID, type Stanza, stanza } from './stanza.ts';
import { changed, type Device, type World } from './world.ts';

const keyOf = (tag: string, { id, type }: Stanza['attrs']): string =>
  tag === 'receipt' ? `receipt/${id}/${type ?? ''}` : `${tag}/${id}`;

const hears = (device: Device): boolean =>
  device.link !== undefined && device.ready && device.deaf === 'no';

/** Sends now, or as soon as the device is there to hear it. */
export function deliver(world: World, device: Device, node: Stanza): void {
  device.pending.set(keyOf(node.tag, node.attrs), node);
  if (hears(device)) device.link?.send(node);
  changed(world);
}

/** Everything that a device missed, and then how much that was. */
export function deliverPending(world: World, device: Device): void {
  if (!hears(device)) return;
  const missed = [...device.pending.values()];
  for (const [index, node] of missed.entries()) {
    device.link?.send({ ...node, attrs: { ...node.attrs, offline: String(index) } });
  }
  const count = stanza('offline', { count: String(missed.length) });
  device.link?.send(stanza('ib', { from: SERVER_JID }, [count]));
  changed(world);
}

/** A device confirmed something: with an `ack`, or a message with a `receipt`. */
export function confirm(device: Device, node: Stanza): void {
  const { id = '', class: kind, type } = node.attrs;
  if (node.tag === 'receipt') device.pending.delete(`message/${id}`);
  else device.pending.delete(keyOf(kind ?? '', { id, ...(type && { type }) }));
}
