/** What a phone encrypts for a device. */

import type { proto } from 'baileys';
import { numberJid } from './address.ts';
import { takeBundle } from './queries.ts';
import type { Sealed } from './signal.ts';
import { type Stanza, stanza } from './stanza.ts';
import type { Account, Device } from './world.ts';

export const deviceJid = ({ account, id }: Device): string => numberJid(account.digits, id);

/** Encrypts for one device, opening a session when there is none. */
export async function sealFor(
  from: Account,
  device: Device,
  message: proto.IMessage,
): Promise<Sealed> {
  const jid = deviceJid(device);
  if (!(await from.signal.hasSession(jid))) await from.signal.open(jid, takeBundle(device));
  return from.signal.encrypt(jid, message);
}

export const encNode = ({ type, ciphertext }: Sealed, more: Stanza['attrs'] = {}): Stanza =>
  stanza('enc', { v: '2', type, ...more }, ciphertext);
