/** What a phone and its own devices tell each other, which no chat shows. */

import { deflateSync } from 'node:zlib';
import { proto } from 'baileys';
import { numberJid } from './address.ts';
import { deliver } from './delivery.ts';
import { encNode, sealFor } from './seal.ts';
import { seconds, stanza } from './stanza.ts';
import { type Account, changed, type Device, type PeerRequest, type World } from './world.ts';

const { Type } = proto.Message.ProtocolMessage;

async function sendPeer(world: World, device: Device, message: proto.IMessage): Promise<void> {
  const { account } = device;
  const id = world.random(16).toString('hex').toUpperCase();
  const sealed = await sealFor(account, device, message);
  const attrs = { id, from: numberJid(account.digits), type: 'text', category: 'peer' };
  const node = stanza('message', { ...attrs, t: seconds(world.now()) }, [encNode(sealed)]);
  deliver(world, device, node);
}

/** What a phone sends to a device that it just linked: the key of the app state, and the (empty) history. */
export async function greet(world: World, device: Device): Promise<void> {
  if (device.greeted) return;
  device.greeted = true;
  const { account } = device;
  const { INITIAL_BOOTSTRAP } = proto.HistorySync.HistorySyncType;
  const keyData = {
    keyData: account.syncKey.data,
    fingerprint: { rawId: 1, currentIndex: 0, deviceIndexes: [0] },
    timestamp: Math.floor(world.now() / 1000),
  };
  const appStateSyncKeyShare = { keys: [{ keyId: { keyId: account.syncKey.id }, keyData }] };
  const keyShare = { type: Type.APP_STATE_SYNC_KEY_SHARE, appStateSyncKeyShare };
  await sendPeer(world, device, { protocolMessage: keyShare });
  const empty = proto.HistorySync.encode({ syncType: INITIAL_BOOTSTRAP, progress: 100 }).finish();
  const historySyncNotification = {
    syncType: INITIAL_BOOTSTRAP,
    chunkOrder: 1,
    progress: 100,
    initialHistBootstrapInlinePayload: deflateSync(empty),
  };
  const history = { type: Type.HISTORY_SYNC_NOTIFICATION, historySyncNotification };
  await sendPeer(world, device, { protocolMessage: history });
}

/** The phone has none of the messages that it is asked to send again, and says so. */
async function answer(world: World, device: Device, { id, message }: PeerRequest): Promise<void> {
  const { protocolMessage } = message.deviceSentMessage?.message ?? message;
  const request = protocolMessage?.peerDataOperationRequestMessage;
  if (!request) return;
  const peerDataOperationRequestResponseMessage = {
    peerDataOperationRequestType: request.peerDataOperationRequestType ?? null,
    stanzaId: id,
    peerDataOperationResult: [{ placeholderMessageResendResponse: {} }],
  };
  const type = Type.PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE;
  await sendPeer(world, device, {
    protocolMessage: { type, peerDataOperationRequestResponseMessage },
  });
}

/** A device asks its phone for something: answered now, or when the phone is on again. */
export async function asked(world: World, device: Device, request: PeerRequest): Promise<void> {
  const { account } = device;
  account.asked.push({ device, request });
  if (!account.off) await answerAsked(world, account);
  changed(world);
}

export async function answerAsked(world: World, account: Account): Promise<void> {
  for (const { device, request } of account.asked.splice(0)) await answer(world, device, request);
}
