/**
 * What Cloud Run does to the tokens of a request that it lets through: it looks at
 * `X-Serverless-Authorization`, or at `Authorization` where that is all there is, and hands the one it
 * has checked on without its signature.
 *
 * https://cloud.google.com/run/docs/authenticating/service-to-service
 */

import type { IncomingMessage } from 'node:http';
import type { Tokens } from './tokens.ts';

const REMOVED = 'SIGNATURE_REMOVED_BY_GOOGLE';
const FOR_CLOUD_RUN = 'x-serverless-authorization';

export const withoutSignature = (token: string): string => token.replace(/[^.]*$/, REMOVED);

/** The headers of a caller whose own token must reach the function whole. */
export const inBothHeaders = (token: string) => ({
  authorization: `Bearer ${token}`,
  [FOR_CLOUD_RUN]: `Bearer ${token}`,
});

/** The header that Cloud Run looks at, and what it says. */
export function checkedHeader({ headers }: Pick<IncomingMessage, 'headers'>) {
  const name = headers[FOR_CLOUD_RUN] === undefined ? 'authorization' : FOR_CLOUD_RUN;
  return { name, token: /^Bearer +(\S+)$/i.exec(headers[name]?.toString() ?? '')?.[1] };
}

/**
 * Takes the signature off the token that was looked at. One that is not Google's is left to the function,
 * which refuses it and writes that down.
 * @returns false for a token that came without a signature: Cloud Run lets none in
 */
export async function handOn(tokens: Tokens, request: IncomingMessage): Promise<boolean> {
  const { name, token } = checkedHeader(request);
  if (token === undefined) return true;
  if (token.endsWith(`.${REMOVED}`)) return false;
  const isGenuine = (await tokens.google.verify(token)) !== undefined;
  if (isGenuine) request.headers[name] = `Bearer ${withoutSignature(token)}`;
  return true;
}
