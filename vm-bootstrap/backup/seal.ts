/**
 * A backup's form: "APB1", a nonce of 12 bytes, the ciphertext, a tag of 16 bytes
 * (AES-256-GCM, NIST SP 800-38D). The agent's name is authenticated along with it, so that no
 * agent can be given another's. Inside: gzip of JSON.
 */

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { PlaneError } from '../../contracts/plane-error.ts';

const MAGIC = Buffer.from('APB1');
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
export const KEY_BYTES = 32;
const CIPHER = 'aes-256-gcm';
/** Of what is inside, unpacked: more than any account's credentials. */
const CONTENT_MAX = 64_000_000;

/** What Baileys calls its files; nothing that could lead out of a directory. */
const fileName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.@:=+-]{0,200}\.json$/);

const backup = z.strictObject({
  version: z.literal(1),
  /** RFC 3339. */
  at: z.string(),
  /** Text of each file in the credentials' directory. */
  files: z.record(fileName, z.string()),
  /** The owner has had the first message. */
  greeted: z.boolean(),
});
export type Backup = z.infer<typeof backup>;

/** @param key 32 bytes */
export function seal(content: Backup, key: Buffer, agent: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(agent));
  const packed = gzipSync(JSON.stringify(content));
  return Buffer.concat([MAGIC, nonce, cipher.update(packed), cipher.final(), cipher.getAuthTag()]);
}

/** @throws PlaneError FAILED_PRECONDITION when it was not sealed with this key for this agent, or is damaged */
export function open(sealed: Buffer, key: Buffer, agent: string): Backup {
  try {
    const body = sealed.subarray(MAGIC.length + NONCE_BYTES, -TAG_BYTES);
    if (!sealed.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error('not a backup');
    const nonce = sealed.subarray(MAGIC.length, MAGIC.length + NONCE_BYTES);
    const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(agent))
      .setAuthTag(sealed.subarray(-TAG_BYTES));
    const packed = Buffer.concat([decipher.update(body), decipher.final()]);
    const text = gunzipSync(packed, { maxOutputLength: CONTENT_MAX }).toString('utf8');
    return backup.parse(JSON.parse(text));
  } catch (cause) {
    throw new PlaneError(
      'FAILED_PRECONDITION',
      "The backup cannot be read with this agent's key. Nothing was changed.",
      { cause },
    );
  }
}
