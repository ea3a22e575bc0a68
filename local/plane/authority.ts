/**
 * A throwaway certificate authority: born with the local plane, trusted by its machines
 * alone, its key never written anywhere.
 */

import { webcrypto } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
// x509's dependency injection wants it there first.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** Hours. A demo that runs longer has to be started again. */
const LIFETIME_H = 24 * 30;
const HOUR_MS = 3_600_000;

export interface Authority {
  /** PEM, for the trust store of a machine. */
  readonly certificate: string;
  /** TLS context with a certificate for one host name; made at its first use. */
  contextFor(host: string): Promise<SecureContext>;
}

interface Issued {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

const pem = async (key: webcrypto.CryptoKey): Promise<string> =>
  x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');

/** @param now milliseconds since 1970 */
export async function createAuthority(now: () => number): Promise<Authority> {
  x509.cryptoProvider.set(webcrypto as never);
  const validity = () => ({
    notBefore: new Date(now() - HOUR_MS),
    notAfter: new Date(now() + LIFETIME_H * HOUR_MS),
  });
  const newKeys = () => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

  const rootKeys = await newKeys();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Agents Plane local',
    keys: rootKeys,
    signingAlgorithm: ALGORITHM,
    ...validity(),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });

  const issue = async (host: string): Promise<Issued> => {
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      subject: `CN=${host}`,
      issuer: root.subject,
      publicKey: keys.publicKey,
      signingKey: rootKeys.privateKey,
      signingAlgorithm: ALGORITHM,
      ...validity(),
      extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: host }])],
    });
    return { certificate, keys };
  };

  const contexts = new Map<string, Promise<SecureContext>>();
  const makeContext = async (host: string): Promise<SecureContext> => {
    const { certificate, keys } = await issue(host);
    return createSecureContext({
      cert: certificate.toString('pem'),
      key: await pem(keys.privateKey),
    });
  };

  return {
    certificate: root.toString('pem'),
    contextFor(host) {
      const context = contexts.get(host) ?? makeContext(host);
      contexts.set(host, context);
      return context;
    },
  };
}
