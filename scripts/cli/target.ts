/** Which plane the CLI talks to, and as whom. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import { PlaneError } from '../../contracts/errors.ts';
import { callControl, controlInfo } from '../../local/plane/control.ts';
import { controlSocket } from './paths.ts';

export type Env = Readonly<Record<string, string | undefined>>;

export interface Target {
  readonly url: string;
  readonly token: () => Promise<string>;
}

/** For --help: what the functions below look at. */
export const SIGNING_IN = `AGENTS_PLANE_URL is the plane's address, which setup prints; without it the commands go to the local
plane (./scripts/demo). Who you are, gcloud says (gcloud auth login), or AGENTS_PLANE_ID_TOKEN.`;

const TOKEN_INSTEAD =
  'or set AGENTS_PLANE_ID_TOKEN to what `gcloud auth print-identity-token` prints';

/** What may stand in a header behind `Bearer`, https://www.rfc-editor.org/rfc/rfc6750#section-2.1 */
export const isToken = (text: string): boolean => /^[\w.~+/-]+=*$/.test(text);

async function gcloudToken(): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('gcloud', ['auth', 'print-identity-token']);
    return stdout.trim();
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const fix = isMissing
      ? `gcloud is not installed, which says who you are: install it, ${TOKEN_INSTEAD} elsewhere`
      : `gcloud has no identity token for you: run \`gcloud auth login\`, ${TOKEN_INSTEAD}`;
    throw new PlaneError('UNAUTHENTICATED', fix, { cause });
  }
}

/** @throws PlaneError UNAUTHENTICATED that does not repeat it */
function givenToken(text: string): string {
  const token = text.trim();
  if (isToken(token)) return token;
  throw new PlaneError('UNAUTHENTICATED', 'What AGENTS_PLANE_ID_TOKEN holds is no identity token.');
}

/** In the clear, the token goes to this machine alone. */
const isSafe = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' ||
  (protocol === 'http:' && /^(127\.0\.0\.1|localhost|\[::1\])$/.test(hostname));

/** @throws PlaneError INVALID_ARGUMENT */
function planeUrl(text: string): string {
  const url = URL.parse(text);
  if (url && isSafe(url) && url.search + url.hash === '') return text;
  throw new PlaneError(
    'INVALID_ARGUMENT',
    `AGENTS_PLANE_URL is no address of a plane; it is like https://REGION-PROJECT.cloudfunctions.net/agents-plane-api, not ${text}`,
  );
}

async function localPlane(env: Env): Promise<Target> {
  const socket = controlSocket(env);
  const answer = await callControl(socket, '/info').catch((cause: unknown) => {
    if (!(cause instanceof PlaneError) || cause.code !== 'FAILED_PRECONDITION') throw cause;
    const message =
      'AGENTS_PLANE_URL is not set: set it to the address that setup printed; or start a local plane with ./scripts/demo';
    throw new PlaneError('FAILED_PRECONDITION', message, { cause });
  });
  const { apiUrl, admin } = controlInfo.parse(answer);
  const tokenOf = z.object({ token: z.string() });
  return {
    url: apiUrl,
    token: async () =>
      tokenOf.parse(await callControl(socket, '/id-token', { email: admin })).token,
  };
}

/**
 * AGENTS_PLANE_URL names a deployed plane; without it, the local plane that runs on this machine.
 * @throws PlaneError
 */
export async function findTarget(env: Env): Promise<Target> {
  if (!env.AGENTS_PLANE_URL) return localPlane(env);
  const url = planeUrl(env.AGENTS_PLANE_URL);
  const given = env.AGENTS_PLANE_ID_TOKEN && givenToken(env.AGENTS_PLANE_ID_TOKEN);
  return { url, token: given ? async () => given : gcloudToken };
}
