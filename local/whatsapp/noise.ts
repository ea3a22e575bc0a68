/**
 * The server's half of WhatsApp's Noise_XX handshake and the frames after it: the mirror of
 * Baileys' `Utils/noise-handler`.
 */

import {
  aesDecryptGCM,
  aesEncryptGCM,
  Curve,
  hkdf,
  NOISE_MODE,
  NOISE_WA_HEADER,
  proto,
  sha256,
} from 'baileys';
import { CERTIFICATE_CHAIN } from './certificate.ts';

const KEY_BYTES = 32;
const IV_BYTES = 12;
/** A frame's length stands before it, big endian. */
const LENGTH_BYTES = 3;
const NOTHING = Buffer.alloc(0);

export interface ClientFinish {
  /** The client's long-term Noise key, 32 bytes. */
  readonly noiseKey: Buffer;
  /** An encoded `proto.ClientPayload`. */
  readonly payload: Buffer;
}

export interface NoiseServer {
  /** @returns the server hello for the client's first frame */
  hello(frame: Uint8Array): Buffer;
  /** Reads the client's second frame; from here on `encrypt` and `decrypt` work. */
  finish(frame: Uint8Array): ClientFinish;
  encrypt(plain: Uint8Array): Buffer;
  decrypt(sealed: Uint8Array): Buffer;
}

function counterIv(counter: number): Buffer {
  const iv = Buffer.alloc(IV_BYTES);
  iv.writeUInt32BE(counter, IV_BYTES - 4);
  return iv;
}

function halves(secret: Uint8Array, salt: Uint8Array): [Buffer, Buffer] {
  const key = Buffer.from(
    hkdf(Buffer.from(secret), 2 * KEY_BYTES, { salt: Buffer.from(salt), info: '' }),
  );
  return [key.subarray(0, KEY_BYTES), key.subarray(KEY_BYTES)];
}

/** The running hash and key of a handshake. */
function handshakeState() {
  const mode = Buffer.from(NOISE_MODE);
  let hash: Buffer = mode.byteLength === KEY_BYTES ? mode : sha256(mode);
  let salt: Buffer = hash;
  let key: Buffer = hash;
  let counter = 0;
  const authenticate = (data: Uint8Array) => {
    hash = sha256(Buffer.concat([hash, data]));
  };
  return {
    authenticate,
    mix(secret: Uint8Array) {
      [salt, key] = halves(secret, salt);
      counter = 0;
    },
    seal(plain: Uint8Array): Buffer {
      const sealed = aesEncryptGCM(plain, key, counterIv(counter++), hash);
      authenticate(sealed);
      return sealed;
    },
    open(sealed: Uint8Array): Buffer {
      const plain = aesDecryptGCM(sealed, key, counterIv(counter++), hash);
      authenticate(sealed);
      return plain;
    },
    /** The keys of the transport: [client to server, server to client]. */
    split: () => halves(NOTHING, salt),
  };
}

/** One side of one connection. @throws Error on anything that is not this handshake */
export function createNoiseServer(): NoiseServer {
  const state = handshakeState();
  const ephemeral = Curve.generateKeyPair();
  const identity = Curve.generateKeyPair();
  let keys: [Buffer, Buffer] = [NOTHING, NOTHING];
  let read = 0;
  let written = 0;
  state.authenticate(NOISE_WA_HEADER);
  return {
    hello(frame) {
      const theirs = proto.HandshakeMessage.decode(frame).clientHello?.ephemeral;
      if (!theirs) throw new Error('the first frame is not a client hello');
      state.authenticate(theirs);
      state.authenticate(ephemeral.public);
      state.mix(Curve.sharedKey(ephemeral.private, theirs));
      const sealedKey = state.seal(identity.public);
      state.mix(Curve.sharedKey(identity.private, theirs));
      const payload = state.seal(CERTIFICATE_CHAIN);
      const serverHello = { ephemeral: ephemeral.public, static: sealedKey, payload };
      return Buffer.from(proto.HandshakeMessage.encode({ serverHello }).finish());
    },
    finish(frame) {
      const { clientFinish } = proto.HandshakeMessage.decode(frame);
      if (!clientFinish?.static || !clientFinish.payload) {
        throw new Error('the second frame is not a client finish');
      }
      const noiseKey = state.open(clientFinish.static);
      state.mix(Curve.sharedKey(ephemeral.private, noiseKey));
      const payload = state.open(clientFinish.payload);
      keys = state.split();
      return { noiseKey, payload };
    },
    encrypt: (plain) => aesEncryptGCM(plain, keys[1], counterIv(written++), NOTHING),
    decrypt: (sealed) => aesDecryptGCM(sealed, keys[0], counterIv(read++), NOTHING),
  };
}

/** Puts its length before a frame. */
export function framed(data: Uint8Array): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUIntBE(data.byteLength, 0, LENGTH_BYTES);
  return Buffer.concat([length, data]);
}

/** Cuts a client's bytes into frames; the stream begins with WhatsApp's four header bytes. */
export function frameReader(): (chunk: Buffer) => Buffer[] {
  let buffered = NOTHING;
  let begun = false;
  return (chunk) => {
    buffered = Buffer.concat([buffered, chunk]);
    if (!begun) {
      if (buffered.length < NOISE_WA_HEADER.length) return [];
      const header = buffered.subarray(0, NOISE_WA_HEADER.length);
      if (!header.equals(NOISE_WA_HEADER)) throw new Error('not a WhatsApp client');
      buffered = buffered.subarray(NOISE_WA_HEADER.length);
      begun = true;
    }
    const frames: Buffer[] = [];
    while (buffered.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + buffered.readUIntBE(0, LENGTH_BYTES);
      if (buffered.length < end) break;
      frames.push(Buffer.from(buffered.subarray(LENGTH_BYTES, end)));
      buffered = buffered.subarray(end);
    }
    return frames;
  };
}
