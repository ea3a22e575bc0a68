/** Linking an agent's WhatsApp as the pairing page does: ask for a code, scan what the VM publishes. */

import { GUEST_NAMESPACE } from '../../../contracts/instance-metadata.ts';
import {
  GUEST_KEY_PAIRING,
  METADATA_PAIRING_REQUEST,
  type Pairing,
  pairing,
} from '../../../contracts/pairing.ts';
import { LOCAL } from '../../../local/plane/settings.ts';
import type { LinkedDevice } from '../../../local/whatsapp/phone.ts';
import { type Stage, until } from './stage.ts';

const instance = (name: string): string =>
  `/compute/v1/projects/${LOCAL.project.id}/zones/${LOCAL.zone}/instances/agent-${name}`;

/** What the VM says of its link; undefined before it said anything. */
export async function pairingOf(stage: Stage, name: string): Promise<Pairing | undefined> {
  const query = `queryPath=${GUEST_NAMESPACE}/${GUEST_KEY_PAIRING}`;
  const { status, body } = await stage.google(
    'GET',
    `${instance(name)}/getGuestAttributes?${query}`,
  );
  if (status !== 200) return undefined;
  const { queryValue } = body as { queryValue?: { items?: { value: string }[] } };
  const value = queryValue?.items?.[0]?.value;
  return value === undefined ? undefined : pairing.parse(JSON.parse(value));
}

/** Asks the VM for a code, as the pairing page does. */
export async function requestCode(stage: Stage, name: string, id: string): Promise<void> {
  const { body } = await stage.google('GET', instance(name));
  const { metadata } = body as {
    metadata: { fingerprint: string; items: { key: string; value: string }[] };
  };
  const others = metadata.items.filter(({ key }) => key !== METADATA_PAIRING_REQUEST);
  const items = [...others, { key: METADATA_PAIRING_REQUEST, value: id }];
  const { fingerprint } = metadata;
  const answer = await stage.google('POST', `${instance(name)}/setMetadata`, {
    fingerprint,
    items,
  });
  if (answer.status !== 200) throw new Error(`setMetadata: ${JSON.stringify(answer.body)}`);
}

/**
 * Links an agent's VM to a phone, and waits until its channel is connected. The first login is
 * that of `web.login`: what arrives on it is confirmed to WhatsApp and lost (seen, 2026.9.6),
 * until half a second later the channel opens a connection of its own.
 */
export async function linkPhone(stage: Stage, name: string, number: string): Promise<LinkedDevice> {
  const phone = stage.plane.whatsapp.phone(number);
  const known = new Set(phone.devices.map(({ id }) => id));
  await requestCode(stage, name, `test-${Date.now()}`);
  const { qr } = await until('a code', async () => {
    const said = await pairingOf(stage, name);
    return said?.state === 'qr' && said;
  });
  await phone.scan(qr ?? '');
  const connected = () =>
    phone.devices.find((one) => !known.has(one.id) && one.connected && one.logins > 1);
  return phone.until('the linked device', connected, 60_000);
}
