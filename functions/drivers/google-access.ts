/**
 * How Google's clients are told where Google is and who we are. Without an endpoint they
 * use their own defaults; with one (a local Google), each takes it in its own way: what
 * works was tried out (FACTS.md, "Google's clients against a local server").
 */

import { GoogleAuth } from 'google-auth-library';

export interface GoogleAccess {
  /** Application default credentials; one instance, so that one access token serves all clients. */
  readonly auth: GoogleAuth;
  /** For the generated clients (compute, secret-manager). */
  readonly generated: {
    readonly auth: GoogleAuth;
    readonly fallback: true;
    readonly apiEndpoint?: string;
    readonly port?: number;
    readonly protocol?: string;
  };
  /** For googleapis. */
  readonly rest: { readonly auth: GoogleAuth; readonly rootUrl?: string };
  /** https://developers.google.com/identity/protocols/oauth2/service-account */
  readonly tokenUrl: string;
}

const TOKEN_URL = 'https://oauth2.googleapis.com/token';

/** @param endpoint `http://host:port`, or empty for Google itself */
export function googleAccess(project: string, endpoint: string): GoogleAccess {
  const auth = new GoogleAuth({
    projectId: project,
    scopes: ['https://www.googleapis.com/auth/cloud-platform'],
  });
  const common = { auth, fallback: true } as const;
  if (endpoint === '') return { auth, generated: common, rest: { auth }, tokenUrl: TOKEN_URL };
  const url = new URL(endpoint);
  const protocol = url.protocol.slice(0, -1);
  const port = Number(url.port) || (protocol === 'https' ? 443 : 80);
  return {
    auth,
    generated: { ...common, apiEndpoint: url.hostname, port, protocol },
    rest: { auth, rootUrl: `${url.origin}/` },
    tokenUrl: `${url.origin}/token`,
  };
}
