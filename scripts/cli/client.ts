/** The admin API as the CLI calls it: turns errors into PlaneError. */

import { errorBody, PlaneError } from '../../contracts/errors.ts';
import { below } from '../../contracts/url.ts';
import { type Env, findTarget } from './target.ts';
import { inCommands } from './words.ts';

/** Milliseconds; longer than the 120 s of a function (scripts/setup/steps/70-functions.sh). */
const TIMEOUT_MS = 130_000;

export interface Client {
  readonly url: string;
  call(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
}

/** Milliseconds; the plane answers with seconds. */
function retryAfterOf({ headers }: Response): number | undefined {
  const text = headers.get('retry-after') ?? '';
  return /^\d+$/.test(text) ? Number(text) * 1000 : undefined;
}

/** What became of a request without an answer nobody knows: every verb is safe to repeat (verb.ts). */
const unanswered = (url: string, inTime: boolean, cause: unknown): PlaneError =>
  inTime
    ? new PlaneError('UNAVAILABLE', `${url} does not answer; is the plane up?`, { cause })
    : new PlaneError('DEADLINE_EXCEEDED', `${url} took too long; send it again`, { cause });

/**
 * @param timeoutMs of a request
 * @throws PlaneError with the plane's own code, message and details when it refuses
 */
export async function connect(env: Env, timeoutMs: number = TIMEOUT_MS): Promise<Client> {
  const target = await findTarget(env);
  return {
    url: target.url,
    async call(method, path, body) {
      const bearer = `Bearer ${await target.token()}`;
      const signal = AbortSignal.timeout(timeoutMs);
      const answer = await fetch(below(target.url, path), {
        method,
        headers: {
          authorization: bearer,
          // Cloud Run checks this one and then leaves the other whole; alone, it would take the
          // signature off. https://cloud.google.com/run/docs/authenticating/service-to-service
          'x-serverless-authorization': bearer,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal,
      }).catch((cause: unknown) => {
        throw unanswered(target.url, !signal.aborted, cause);
      });
      const result: unknown = await answer.json().catch(() => ({}));
      if (answer.ok) return { status: answer.status, body: result };
      const refused = errorBody.safeParse(result).data?.error;
      throw new PlaneError(
        refused?.code ?? 'INTERNAL',
        refused?.message ?? `The plane answered ${answer.status}; look into its log`,
        { details: refused?.details.map(inCommands) ?? [], retryAfterMs: retryAfterOf(answer) },
      );
    },
  };
}
