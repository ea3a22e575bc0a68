/**
 * A phone's Signal sessions, in memory. It is Baileys' own implementation that encrypts here:
 * the phone is the other end of the same protocol.
 */

import {
  type AuthenticationCreds,
  addTransactionCapability,
  DEFAULT_CONNECTION_CONFIG,
  encodeWAMessage,
  generateSignalPubKey,
  getNextPreKeys,
  initAuthCreds,
  proto,
  type SignalDataTypeMap,
  type SignalKeyStore,
  unpadRandomMax16,
} from 'baileys';

type Logger = typeof DEFAULT_CONNECTION_CONFIG.logger;

/** What somebody needs to open a session with a device. Public keys are 32 bytes. */
export interface KeyBundle {
  readonly registrationId: number;
  readonly identity: Uint8Array;
  readonly signed: {
    readonly id: number;
    readonly key: Uint8Array;
    readonly signature: Uint8Array;
  };
  /** Used once; a device that ran out is reached without. */
  readonly once?: { readonly id: number; readonly key: Uint8Array } | undefined;
}

export interface Sealed {
  readonly type: 'pkmsg' | 'msg';
  readonly ciphertext: Uint8Array;
}

export interface SignalEnd {
  readonly creds: AuthenticationCreds;
  /** A bundle with a one-time key that nobody got before. */
  bundle(): Promise<KeyBundle>;
  hasSession(jid: string): Promise<boolean>;
  /** Opens a new session, in place of an old one. */
  open(jid: string, bundle: KeyBundle): Promise<void>;
  encrypt(jid: string, message: proto.IMessage): Promise<Sealed>;
  /** @throws Error when there is no session that fits */
  decrypt(jid: string, sealed: Sealed): Promise<proto.IMessage>;
}

/** Baileys logs whole messages and keys: nothing of it is kept. */
export const silent: Logger = {
  level: 'silent',
  child: () => silent,
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
} as unknown as Logger;

function memoryStore(): SignalKeyStore {
  const kept = new Map<string, unknown>();
  return {
    get: async <T extends keyof SignalDataTypeMap>(type: T, ids: string[]) =>
      Object.fromEntries(
        ids.flatMap((id) => {
          const value = kept.get(`${type}/${id}`);
          return value === undefined ? [] : [[id, value]];
        }),
      ) as { [id: string]: SignalDataTypeMap[T] },
    set: async (data) => {
      for (const [type, entries] of Object.entries(data)) {
        for (const [id, value] of Object.entries(entries ?? {})) {
          if (value === null) kept.delete(`${type}/${id}`);
          else kept.set(`${type}/${id}`, value);
        }
      }
    },
  };
}

export function createSignalEnd(): SignalEnd {
  const creds = initAuthCreds();
  const once = { maxCommitRetries: 1, delayBetweenTriesMs: 1 };
  const keys = addTransactionCapability(memoryStore(), silent, once);
  const { makeSignalRepository } = DEFAULT_CONNECTION_CONFIG;
  const repository = makeSignalRepository({ creds, keys }, silent, async () => []);
  return {
    creds,
    async bundle() {
      const { update, preKeys } = await getNextPreKeys({ creds, keys }, 1);
      Object.assign(creds, update);
      const [fresh] = Object.entries(preKeys);
      const { signedPreKey, signedIdentityKey, registrationId } = creds;
      return {
        registrationId,
        identity: signedIdentityKey.public,
        signed: {
          id: signedPreKey.keyId,
          key: signedPreKey.keyPair.public,
          signature: signedPreKey.signature,
        },
        once: fresh && { id: Number(fresh[0]), key: fresh[1].public },
      };
    },
    hasSession: async (jid) => (await repository.validateSession(jid)).exists,
    async open(jid, { registrationId, identity, signed, once: key }) {
      await repository.deleteSession([jid]);
      await repository.injectE2ESession({
        jid,
        session: {
          registrationId,
          identityKey: generateSignalPubKey(identity),
          signedPreKey: {
            keyId: signed.id,
            publicKey: generateSignalPubKey(signed.key),
            signature: signed.signature,
          },
          ...(key && { preKey: { keyId: key.id, publicKey: generateSignalPubKey(key.key) } }),
        },
      });
    },
    encrypt: (jid, message) => repository.encryptMessage({ jid, data: encodeWAMessage(message) }),
    async decrypt(jid, { type, ciphertext }) {
      const bytes = Buffer.from(ciphertext);
      const known = await repository.getSessionInfo(jid);
      // A session that gives way to a new one is printed by libsignal, private keys and all:
      // it goes before libsignal sees the new one. Only a message that opens one names its base key.
      if (type === 'pkmsg' && known && !bytes.includes(Buffer.from(known.baseKey))) {
        await repository.deleteSession([jid]);
      }
      const padded = await repository.decryptMessage({ jid, type, ciphertext: bytes });
      return proto.Message.decode(unpadRandomMax16(padded));
    },
  };
}
