/** The plane's function for VMs (contracts/vm-api.ts), called with the VM's own identity. */

import { ERROR_CODES, type ErrorCode, PlaneError } from '../../contracts/plane-error.ts';
import { below } from '../../contracts/url.ts';
import { PLANE_MS } from '../core/patience.ts';
import type { Host } from '../host.ts';
import { identityToken } from './metadata.ts';

/** A failed answer's code and message, as far as it is one of the plane's. */
function problemOf(text: string): { code: ErrorCode; message: string } | undefined {
  try {
    const { code, message } = (JSON.parse(text) as { error: { code: unknown; message: unknown } })
      .error;
    const known = ERROR_CODES.find((each) => each === code);
    return known && typeof message === 'string' ? { code: known, message } : undefined;
  } catch {
    return undefined;
  }
}

/** @throws PlaneError UNAVAILABLE when it is no JSON: a login page, say, of something in between */
function documentIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new PlaneError('UNAVAILABLE', 'What answered is not the plane: it sent no JSON.');
  }
}

/**
 * POSTs to the plane; the instance identity token says who asks, twice: Cloud Run, when it
 * checks the caller itself, takes the signature off `Authorization` unless it finds a token
 * in `X-Serverless-Authorization`
 * (https://cloud.google.com/run/docs/authenticating/service-to-service).
 * @throws PlaneError with the plane's own code; UNAVAILABLE when it did not answer as itself.
 */
export async function callPlane(
  host: Host,
  planeUrl: string,
  path: string,
  body: object = {},
): Promise<unknown> {
  const bearer = `Bearer ${await identityToken(host, planeUrl)}`;
  const answer = await host.request({
    url: below(planeUrl, path),
    method: 'POST',
    headers: {
      authorization: bearer,
      'x-serverless-authorization': bearer,
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
    timeoutMs: PLANE_MS,
  });
  if (answer.status >= 200 && answer.status < 300) return documentIn(answer.text);
  const problem = problemOf(answer.text);
  if (problem) throw new PlaneError(problem.code, problem.message);
  throw new PlaneError('UNAVAILABLE', `The plane answered ${answer.status}.`);
}
