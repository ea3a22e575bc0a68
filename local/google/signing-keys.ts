/**
 * RSA keys that the emulated Google signs with, and how it publishes them: as JWKS
 * (`/oauth2/v3/certs`) and as PEM by key id (`/oauth2/v1/certs`, which is
 * what google-auth-library reads under Node).
 */

import { createHash, webcrypto } from 'node:crypto';
import { exportJWK, exportSPKI, type JWK, jwtVerify, SignJWT } from 'jose';

const RS256 = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
};

export interface SigningKey {
  /** 40 hex digits, as Google's are. */
  readonly id: string;
  readonly jwk: JWK;
  /** PEM. Google wraps it in a certificate; every verifier takes the bare public key as well. */
  readonly pem: string;
  sign(claims: Readonly<Record<string, unknown>>): Promise<string>;
  /** Claims of a token signed with this key; undefined when the signature is not its own. Times are not checked. */
  verify(jwt: string): Promise<Readonly<Record<string, unknown>> | undefined>;
}

export async function createSigningKey(): Promise<SigningKey> {
  const keys = (await webcrypto.subtle.generateKey(RS256, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  const publicJwk = await exportJWK(keys.publicKey);
  const id = createHash('sha1').update(JSON.stringify(publicJwk)).digest('hex');

  return {
    id,
    jwk: { ...publicJwk, kid: id, alg: 'RS256', use: 'sig' },
    pem: await exportSPKI(keys.publicKey),
    sign: (claims) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: id, typ: 'JWT' })
        .sign(keys.privateKey),
    async verify(jwt) {
      try {
        // Epoch: expiry is the caller's to judge, by the emulator's clock.
        const currentDate = new Date(0);
        return (await jwtVerify(jwt, keys.publicKey, { algorithms: ['RS256'], currentDate }))
          .payload;
      } catch {
        return undefined;
      }
    },
  };
}
