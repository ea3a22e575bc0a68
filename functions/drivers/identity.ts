/** Port `TokenVerifier`: Google-signed ID tokens, checked by google-auth-library. */

import { OAuth2Client } from 'google-auth-library';
import { PlaneError } from '../../contracts/errors.ts';
import type { TokenVerifier } from '../service/ports.ts';

const CERTS_PATH = '/oauth2/v1/certs';

/** @param endpoint where Google is, or empty for Google itself */
export function identityDriver(endpoint: string): TokenVerifier {
  const url = endpoint === '' ? undefined : `${new URL(endpoint).origin}${CERTS_PATH}`;
  const client = new OAuth2Client(
    url ? { endpoints: { oauth2FederatedSignonPemCertsUrl: url } } : {},
  );
  return {
    async verify(idToken, audience) {
      const certificates = client.getFederatedSignonCertsAsync();
      try {
        await certificates;
      } catch (cause) {
        const message = "Google's signing keys cannot be fetched right now. Try again.";
        throw new PlaneError('UNAVAILABLE', message, { cause });
      }
      try {
        // Signature, audience, issuer, expiry; algorithms other than Google's fail the signature.
        const ticket = await client.verifyIdToken({ idToken, audience });
        return { ...ticket.getPayload() };
      } catch {
        // The library's messages quote the token: neither logged nor kept as a cause.
        throw new PlaneError(
          'UNAUTHENTICATED',
          'The token is not a valid ID token for this service.',
        );
      }
    },
  };
}
