/** Linking a device: the codes that it shows, and what happens when a phone scans one. */

import { Curve, hmacSign, proto, WA_ADV_ACCOUNT_SIG_PREFIX } from 'baileys';
import { PlaneError } from '../../contracts/errors.ts';
import { lidJid, numberJid } from './address.ts';
import type { KeyBundle } from './signal.ts';
import { childOf, SERVER_JID, type Stanza, seconds, stanza } from './stanza.ts';
import { type Account, changed, type Device, type Link, type World } from './world.ts';

/** What an unlinked device says about itself when it connects. */
export interface Registration {
  readonly noiseKey: Buffer;
  readonly keys: Omit<KeyBundle, 'once'>;
  readonly name: string;
}

/** One code on a screen. */
export interface Offer {
  readonly registration: Registration;
  /** Milliseconds since 1970; a phone that scans it later, or earlier, is told that it is no good. */
  readonly validFrom: number;
  readonly validUntil: number;
  /** Ends with the linked device, or why it was not. */
  accept(account: Account, adv: Buffer): Promise<Device>;
}

/** The parts of a code's text, `https://wa.me/settings/linked_devices#ref,noise,identity,secret,platform`. */
export interface Code {
  readonly ref: string;
  readonly noiseKey: Buffer;
  readonly identity: Buffer;
  readonly advSecret: Buffer;
}

const base64Number = (bytes: Uint8Array) =>
  Buffer.from(bytes).readUIntBE(0, Math.min(6, bytes.length));

/** @returns undefined for a device that logs in */
export function readRegistration(
  payload: proto.ClientPayload,
  noiseKey: Buffer,
): Registration | undefined {
  const data = payload.devicePairingData;
  if (!data) return undefined;
  const { eRegid, eIdent, eSkeyId, eSkeyVal, eSkeySig, deviceProps } = data;
  if (!eRegid || !eIdent || !eSkeyId || !eSkeyVal || !eSkeySig) {
    throw new Error('a registration without keys');
  }
  const signed = { id: base64Number(eSkeyId), key: eSkeyVal, signature: eSkeySig };
  const name = deviceProps ? proto.DeviceProps.decode(deviceProps).os : undefined;
  const keys = { registrationId: base64Number(eRegid), identity: eIdent, signed };
  return { noiseKey, keys, name: name ?? 'unknown' };
}

/** @throws PlaneError INVALID_ARGUMENT */
export function readCode(text: string): Code {
  const [ref = '', noise = '', identity = '', secret = ''] = (text.split('#')[1] ?? text).split(
    ',',
  );
  if (!ref || !noise || !identity || !secret) {
    throw new PlaneError('INVALID_ARGUMENT', 'This is not a WhatsApp code');
  }
  const bytes = (part: string) => Buffer.from(part, 'base64');
  return { ref, noiseKey: bytes(noise), identity: bytes(identity), advSecret: bytes(secret) };
}

/** When each code of a connection may be scanned, in order. */
function codeTimes(settings: World['settings'], now: number): { from: number; until: number }[] {
  let from = now;
  return Array.from({ length: settings.codes }, (_, index) => {
    const until = from + (index === 0 ? settings.firstCodeMs : settings.laterCodeMs);
    const time = { from, until };
    from = until;
    return time;
  });
}

/** The phone's signature under the new device's identity, as `pair-success` carries it. */
function signedIdentity(
  world: World,
  account: Account,
  device: number,
  identity: Uint8Array,
  secret: Buffer,
) {
  const { signedIdentityKey } = account.signal.creds;
  const details = proto.ADVDeviceIdentity.encode({
    rawId: world.random(4).readUInt32BE(),
    timestamp: Math.floor(world.now() / 1000),
    keyIndex: device,
    accountType: proto.ADVEncryptionType.E2EE,
    deviceType: proto.ADVEncryptionType.E2EE,
  }).finish();
  const toSign = Buffer.concat([WA_ADV_ACCOUNT_SIG_PREFIX, details, identity]);
  const signed = proto.ADVSignedDeviceIdentity.encode({
    details,
    accountSignatureKey: signedIdentityKey.public,
    accountSignature: Curve.sign(signedIdentityKey.private, toSign),
  }).finish();
  const hmac = hmacSign(signed, secret);
  return proto.ADVSignedDeviceIdentityHMAC.encode({ details: signed, hmac }).finish();
}

function newDevice(account: Account, registration: Registration): Device {
  const { noiseKey, keys, name } = registration;
  const id = account.nextDevice++;
  const state = { link: undefined, ready: false, greeted: false, deaf: 'no' as const };
  const rest = { oneTimeKeys: [], pending: new Map(), presence: undefined, logins: 0 };
  return { id, account, name, noiseKey, keys, ...state, ...rest };
}

function pairSuccess(world: World, device: Device, secret: Buffer, id: string): Stanza {
  const { account, keys } = device;
  const identity = signedIdentity(world, account, device.id, keys.identity, secret);
  const jids = { jid: numberJid(account.digits, device.id), lid: lidJid(account.lid, device.id) };
  return stanza('iq', { from: SERVER_JID, type: 'set', id, t: seconds(world.now()) }, [
    stanza('pair-success', {}, [
      stanza('device-identity', {}, identity),
      stanza('platform', { name: 'android' }),
      stanza('device', jids),
    ]),
  ]);
}

/**
 * Offers codes to an unlinked device that just connected.
 * @returns takes the device's stanzas, and its end
 */
export function offerPairing(world: World, link: Link, registration: Registration) {
  const times = codeTimes(world.settings, world.now());
  const refs = times.map(() => `2@${world.random(32).toString('base64')}`);
  let pairing: { id: string; resolve(): void; reject(error: Error): void } | undefined;

  async function accept(account: Account, secret: Buffer): Promise<Device> {
    const device = newDevice(account, registration);
    const id = world.random(6).toString('hex');
    const signed = new Promise<void>((resolve, reject) => {
      pairing = { id, resolve, reject };
    });
    link.send(pairSuccess(world, device, secret, id));
    await signed;
    account.devices.set(device.id, device);
    // "Restart required": the device comes back with the credentials that it just got.
    link.send(stanza('stream:error', { code: '515' }));
    link.close();
    changed(world);
    return device;
  }

  for (const [index, ref] of refs.entries()) {
    const { from, until } = times[index] as { from: number; until: number };
    world.offers.set(ref, { registration, validFrom: from, validUntil: until, accept });
  }
  const end = times.at(-1)?.until ?? world.now();
  const timer = setTimeout(() => link.close(), end - world.now());
  const codes = refs.map((ref) => stanza('ref', {}, Buffer.from(ref)));
  const attrs = { from: SERVER_JID, type: 'set', id: world.random(6).toString('hex') };
  link.send(stanza('iq', attrs, [stanza('pair-device', {}, codes)]));
  changed(world);

  return {
    async receive(node: Stanza) {
      if (!pairing || node.tag !== 'iq' || node.attrs.id !== pairing.id) return;
      if (childOf(node, 'pair-device-sign')) pairing.resolve();
      else pairing.reject(new Error('the device refused the pairing'));
    },
    closed() {
      clearTimeout(timer);
      for (const ref of refs) world.offers.delete(ref);
      pairing?.reject(new Error('the device went away while it was linked'));
      changed(world);
    },
  };
}
