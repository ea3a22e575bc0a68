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
    readonly clientConfig: object;
    readonly apiEndpoint?: string;
    readonly port?: number;
    readonly protocol?: string;
  };
  /** For googleapis. */
  readonly rest: {
    readonly auth: GoogleAuth;
    readonly retry: false;
    readonly rootUrl?: string;
  };
  /** https://developers.google.com/identity/protocols/oauth2/service-account */
  readonly tokenUrl: string;
}

/** A URL of one of Google's APIs, for plain REST. @param api `compute`, `logging`, ... */
export const urlAt = ({ rest }: GoogleAccess, api: string, path: string): URL =>
  new URL(path, rest.rootUrl ?? `https://${api}.googleapis.com/`);

/** Of each upload through googleapis: there the client's own root is not looked at (googleapis-common 8). */
export const uploadOptions = ({ rest }: GoogleAccess): { readonly rootUrl?: string } =>
  rest.rootUrl === undefined ? {} : { rootUrl: rest.rootUrl };

const REFUSED = 400;

/** Milliseconds of one call; within the 120 s of a function (scripts/setup/steps/70-functions.sh). */
const CALL_MS = 100_000;

/**
 * What the generated clients send goes through here.
 *
 * They read an error's body alone, and with the answer drop its Retry-After. An answer that rejects
 * already here is kept by them as the error's cause (google-gax 6, `_toGoogleError`), code and
 * message being the same; google-error.ts reads the header there.
 *
 * Their own deadline (a minute of Secret Manager, ten of Compute) is a signal that holds each call,
 * its answer and its socket's buffers until it is over, however soon the answer came: 18 KB a
 * call (docs/decisions/093). gaxios' deadline lets go of them, so that is the one here.
 */
class CarefulAuth extends GoogleAuth {
  override fetch<T>(...[input, init]: Parameters<GoogleAuth['fetch']>) {
    const options = {
      ...init,
      signal: null,
      timeout: CALL_MS,
      validateStatus: (status: number) => status < REFUSED,
    };
    return super.fetch<T>(input as string, options);
  }
}

/** An object that has the same value under every name, and says so (gax asks with `in` first). */
const everywhere = (value: object): object => new Proxy({}, { get: () => value, has: () => true });

/**
 * The generated clients try reads again on schedules of their own, of up to ten minutes. There is
 * one schedule here (service/retry.ts): no method of any client has a code to try again at, and
 * none a deadline of its own (above).
 */
const ONCE = {
  interfaces: everywhere({
    retry_codes: { never: [] },
    methods: everywhere({ retry_codes_name: 'never', timeout_millis: Number.POSITIVE_INFINITY }),
  }),
};

const TOKEN_URL = 'https://oauth2.googleapis.com/token';

/** @param endpoint `http://host:port`, or empty for Google itself */
export function googleAccess(project: string, endpoint: string): GoogleAccess {
  const auth = new CarefulAuth({
    projectId: project,
    scopes: ['https://www.googleapis.com/auth/cloud-platform'],
  });
  const common = { auth, fallback: true, clientConfig: ONCE } as const;
  const rest = { auth, retry: false } as const;
  if (endpoint === '') return { auth, generated: common, rest, tokenUrl: TOKEN_URL };
  const url = new URL(endpoint);
  const protocol = url.protocol.slice(0, -1);
  const port = Number(url.port) || (protocol === 'https' ? 443 : 80);
  return {
    auth,
    generated: { ...common, apiEndpoint: url.hostname, port, protocol },
    rest: { ...rest, rootUrl: `${url.origin}/` },
    tokenUrl: `${url.origin}/token`,
  };
}
