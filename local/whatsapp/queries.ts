/** The answers to what a logged-in device asks (`iq`). */

import { setTimeout as wait } from 'node:timers/promises';
import { encodeBigEndian, KEY_BUNDLE_TYPE, proto, xmppPreKey, xmppSignedPreKey } from 'baileys';
import { lidJid, numberJid, parseJid } from './address.ts';
import type { KeyBundle } from './signal.ts';
import {
  bytesOf,
  childOf,
  childrenOf,
  numberOf,
  resultOf,
  SERVER_JID,
  type Stanza,
  stanza,
} from './stanza.ts';
import { type Account, accountByLid, accountOf, type Device, type World } from './world.ts';

type Answer = Stanza | Promise<Stanza>;

export function accountAt(world: World, jid: string | undefined): Account | undefined {
  const address = parseJid(jid);
  if (!address) return undefined;
  return address.kind === 'lid'
    ? accountByLid(world, address.user)
    : accountOf(world, address.user);
}

const failed = (query: Stanza, code: string, text: string): Stanza =>
  stanza('iq', { from: SERVER_JID, id: query.attrs.id, type: 'error' }, [
    stanza('error', { code, text }),
  ]);

/** A device's bundle, its one-time key given away for good. */
export function takeBundle(device: Device): KeyBundle {
  return { ...device.keys, once: device.oneTimeKeys.shift() };
}

async function keyUser(world: World, jid: string | undefined): Promise<Stanza[]> {
  const account = accountAt(world, jid);
  const id = parseJid(jid)?.device ?? 0;
  const device = account?.devices.get(id);
  const bundle = id === 0 ? await account?.signal.bundle() : device && takeBundle(device);
  if (!bundle) return [];
  const { registrationId, identity, signed, once } = bundle;
  const pair = (key: Uint8Array) => ({ public: key, private: new Uint8Array() });
  return [
    stanza('user', { jid }, [
      stanza('registration', {}, encodeBigEndian(registrationId)),
      stanza('type', {}, KEY_BUNDLE_TYPE),
      stanza('identity', {}, identity),
      xmppSignedPreKey({
        keyId: signed.id,
        keyPair: pair(signed.key),
        signature: signed.signature,
      }),
      ...(once ? [xmppPreKey(pair(once.key), once.id)] : []),
    ]),
  ];
}

function readKey(node: Stanza): { id: number; key: Buffer } {
  return { id: numberOf(node, 'id') ?? 0, key: bytesOf(node, 'value') ?? Buffer.alloc(0) };
}

function storeKeys(device: Device, query: Stanza): void {
  const signed = childOf(query, 'skey') ?? childOf(childOf(query, 'rotate'), 'skey');
  if (signed) {
    const signature = bytesOf(signed, 'signature') ?? Buffer.alloc(0);
    device.keys = { ...device.keys, signed: { ...readKey(signed), signature } };
  }
  const known = new Set(device.oneTimeKeys.map(({ id }) => id));
  const uploaded = childrenOf(childOf(query, 'list'), 'key').map(readKey);
  device.oneTimeKeys.push(...uploaded.filter(({ id }) => !known.has(id)));
}

async function encrypt(world: World, device: Device, query: Stanza): Promise<Stanza> {
  const [what] = childrenOf(query);
  if (query.attrs.type === 'set') {
    storeKeys(device, query);
    return resultOf(query);
  }
  if (what?.tag === 'count') {
    return resultOf(query, [stanza('count', { value: String(device.oneTimeKeys.length) })]);
  }
  if (what?.tag === 'key') {
    const asked = childrenOf(what, 'user').map(({ attrs }) => keyUser(world, attrs.jid));
    return resultOf(query, [stanza('list', {}, (await Promise.all(asked)).flat())]);
  }
  await wait(world.settings.keyCheckMs);
  return resultOf(query, [stanza('digest')]);
}

function usyncUser(world: World, user: Stanza, asked: ReadonlySet<string>): Stanza[] {
  const phone = bytesOf(user, 'contact')?.toString();
  const jid = phone ? numberJid(phone.replace(/\D/g, '')) : user.attrs.jid;
  const account = accountAt(world, jid);
  if (!account) return [];
  const linked = [...account.devices.keys()].map((id) =>
    stanza('device', { id: String(id), 'key-index': String(id) }),
  );
  const list = stanza('device-list', {}, [stanza('device', { id: '0' }), ...linked]);
  const answers: Record<string, Stanza> = {
    contact: stanza('contact', { type: 'in' }),
    devices: stanza('devices', {}, [list]),
    lid: stanza('lid', { val: lidJid(account.lid) }),
  };
  const content = [...asked].flatMap((protocol) => answers[protocol] ?? []);
  return [stanza('user', { jid }, content)];
}

function usync(world: World, query: Stanza): Stanza {
  const asked = childOf(query, 'usync');
  const protocols = new Set(childrenOf(childOf(asked, 'query')).map(({ tag }) => tag));
  const users = childrenOf(childOf(asked, 'list'), 'user');
  const found = users.flatMap((user) => usyncUser(world, user, protocols));
  const attrs = { sid: asked?.attrs.sid, index: '0', last: 'true' };
  return resultOf(query, [stanza('usync', attrs, [stanza('list', {}, found)])]);
}

/** App state is a log of encrypted patches: a device adds to it, or asks for what it lacks. */
function appState(account: Account, query: Stanza): Stanza {
  const collections = childrenOf(childOf(query, 'sync'), 'collection').map((asked) => {
    const { name = '', version = '0' } = asked.attrs;
    const kept = account.collections.get(name) ?? [];
    account.collections.set(name, kept);
    const added = bytesOf(asked, 'patch');
    if (added) {
      const patch = proto.SyncdPatch.decode(added);
      patch.version = { version: kept.length + 1 };
      kept.push(Buffer.from(proto.SyncdPatch.encode(patch).finish()));
      return stanza('collection', { name, version: String(kept.length) });
    }
    const lacking = kept.slice(Number(version)).map((patch) => stanza('patch', {}, patch));
    return stanza('collection', { name, version: String(kept.length) }, [
      stanza('patches', {}, lacking),
    ]);
  });
  return resultOf(query, [stanza('sync', {}, collections)]);
}

const PRIVACY = ['readreceipts', 'profile', 'status', 'online', 'last', 'groupadd', 'calladd'];

const ANSWERS: Readonly<Record<string, (world: World, device: Device, query: Stanza) => Answer>> = {
  encrypt,
  usync: (world, _device, query) => usync(world, query),
  abt: (_world, _device, query) => resultOf(query, [stanza('props', { hash: 'local' }, [])]),
  blocklist: (_world, _device, query) => resultOf(query, [stanza('list', {}, [])]),
  privacy: (_world, _device, query) => {
    const all = PRIVACY.map((name) => stanza('category', { name, value: 'all' }));
    return resultOf(query, query.attrs.type === 'get' ? [stanza('privacy', {}, all)] : undefined);
  },
  'w:sync:app:state': (_world, device, query) => appState(device.account, query),
  'w:profile:picture': (_world, _device, query) => failed(query, '404', 'item-not-found'),
  'w:m': (_world, _device, query) => failed(query, '501', 'feature-not-implemented'),
};

/** What is not known here is answered with an empty result, as pings and settings are. */
export async function answerQuery(world: World, device: Device, query: Stanza): Promise<Stanza> {
  const answer = ANSWERS[query.attrs.xmlns ?? ''];
  return answer ? answer(world, device, query) : resultOf(query);
}
