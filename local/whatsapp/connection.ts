/** One WebSocket of a client: the handshake, then either pairing or a logged-in device. */

import { decodeBinaryNode, encodeBinaryNode, proto } from 'baileys';
import type { WebSocket } from 'ws';
import { lidJid } from './address.ts';
import { confirm, deliverPending } from './delivery.ts';
import { fromDevice, receiptFrom } from './exchange.ts';
import { createNoiseServer, framed, frameReader } from './noise.ts';
import { offerPairing, readRegistration } from './pairing.ts';
import { greet } from './peer.ts';
import { accountAt, answerQuery } from './queries.ts';
import { childOf, resultOf, type Stanza, seconds, stanza } from './stanza.ts';
import { changed, type Device, type Link, type World } from './world.ts';

interface Session {
  receive(node: Stanza): Promise<void>;
  closed(): void;
}

/** Removes a device: it is told, and can never log in again. */
export function unlinkDevice(world: World, device: Device): void {
  device.account.devices.delete(device.id);
  device.link?.send(
    stanza('stream:error', { code: '401' }, [stanza('conflict', { type: 'device_removed' })]),
  );
  device.link?.close();
  changed(world);
}

async function hear(world: World, device: Device, link: Link, node: Stanza): Promise<void> {
  const { tag, attrs } = node;
  if (tag === 'iq' && attrs.xmlns === 'md' && childOf(node, 'remove-companion-device')) {
    link.send(resultOf(node));
    return unlinkDevice(world, device);
  }
  if (tag === 'iq' && attrs.type !== 'result') {
    link.send(await answerQuery(world, device, node));
    if (attrs.xmlns === 'passive' && !device.ready) {
      device.ready = true;
      await greet(world, device);
      deliverPending(world, device);
    }
    return;
  }
  if (tag === 'message') return fromDevice(world, device, node);
  if (tag === 'ack') confirm(device, node);
  if (tag === 'receipt') {
    confirm(device, node);
    link.send(stanza('ack', { class: 'receipt', id: attrs.id, from: attrs.to, type: attrs.type }));
    return receiptFrom(world, device, node);
  }
  if (tag === 'presence' && attrs.type) device.presence = attrs.type;
  const other = tag === 'chatstate' ? accountAt(world, attrs.to) : undefined;
  other?.chatStates.set(device.account.digits, childOf(node)?.tag ?? 'paused');
  changed(world);
}

function logIn(
  world: World,
  link: Link,
  payload: proto.ClientPayload,
  noiseKey: Buffer,
): Session | undefined {
  const digits = String(payload.username ?? '');
  const device = world.accounts.get(digits)?.devices.get(payload.device ?? 0);
  if (!device?.noiseKey.equals(noiseKey)) {
    link.send(stanza('failure', { reason: '401', location: 'local' }));
    link.close();
    return undefined;
  }
  device.link?.send(stanza('stream:error', {}, [stanza('conflict', { type: 'replaced' })]));
  device.link?.close();
  Object.assign(device, { link, ready: false, deaf: 'no', logins: device.logins + 1 });
  const lid = lidJid(device.account.lid, device.id);
  link.send(stanza('success', { t: seconds(world.now()), lid, location: 'local' }));
  changed(world);
  return {
    async receive(node) {
      if (device.link === link && device.deaf !== 'all') await hear(world, device, link, node);
    },
    closed() {
      if (device.link !== link) return;
      Object.assign(device, { link: undefined, ready: false, presence: undefined });
      changed(world);
    },
  };
}

/** Serves a client until it goes. */
export function acceptConnection(world: World, socket: WebSocket): void {
  const noise = createNoiseServer();
  const split = frameReader();
  let session: Session | undefined;
  let frames = 0;
  const link: Link = {
    send(node) {
      if (socket.readyState === socket.OPEN)
        socket.send(framed(noise.encrypt(encodeBinaryNode(node))));
    },
    close: () => socket.close(),
    cut: () => socket.terminate(),
  };

  async function take(frame: Buffer): Promise<void> {
    frames += 1;
    if (frames === 1) return socket.send(framed(noise.hello(frame)));
    if (frames > 2) return session?.receive(await decodeBinaryNode(noise.decrypt(frame)));
    const finish = noise.finish(frame);
    const payload = proto.ClientPayload.decode(finish.payload);
    const registration = readRegistration(payload, finish.noiseKey);
    session = registration
      ? offerPairing(world, link, registration)
      : logIn(world, link, payload, finish.noiseKey);
  }

  // One frame after the other: the keys of a session turn with every message.
  let tail = Promise.resolve();
  socket.on('message', (data: Buffer) => {
    tail = tail
      .then(async () => {
        for (const frame of split(data)) await take(frame);
      })
      .catch(() => socket.terminate());
  });
  socket.on('error', () => socket.terminate());
  socket.on('close', () => session?.closed());
}
