/**
 * What stands for Cloud Run before a private function: does the caller's ID token belong to somebody
 * with run.routes.invoke on it? So a binding that infra/access.tf lacks shuts agents out here too. What is
 * let through is handed on as Cloud Run does it (local/google/cloud-run.ts).
 * https://cloud.google.com/run/docs/authenticating/service-to-service
 */

import type { RequestListener, ServerResponse } from 'node:http';
import { decodeJwt } from 'jose';
import { checkedHeader, handOn } from '../google/cloud-run.ts';
import type { Google } from '../google/google.ts';
import { LOCAL } from './settings.ts';

/** Whose token it is. The signature is left to the function, which checks it anyway. */
function callerOf(token: string | undefined): string | undefined {
  if (token === undefined) return undefined;
  try {
    const { email } = decodeJwt<{ email?: string }>(token);
    return email === undefined ? undefined : `serviceAccount:${email}`;
  } catch {
    return undefined;
  }
}

function refuse(response: ServerResponse, status: 401 | 403): void {
  response.writeHead(status, { 'content-type': 'text/html' });
  response.end(
    `<title>${status}</title> Your client does not have permission to get URL from this server.`,
  );
}

/** @param onward the function itself, whose callers' tokens come to it as Cloud Run leaves them */
export function behindCloudRun(google: () => Google, onward: RequestListener): RequestListener {
  return async (request, response) => {
    if (await handOn(google().tokens, request)) return onward(request, response);
    request.resume();
    refuse(response, 401);
  };
}

/**
 * @param service name of the function's Cloud Run service, as infra/functions.json has it
 * @param onward the function itself
 */
export function demandInvoker(
  google: () => Google,
  service: string,
  onward: RequestListener,
): RequestListener {
  const resource = `projects/${LOCAL.project.id}/locations/${LOCAL.region}/services/${service}`;
  const letIn = behindCloudRun(google, onward);
  return (request, response) => {
    const caller = callerOf(checkedHeader(request).token);
    const demand = { permission: 'run.routes.invoke', resource };
    if (caller !== undefined && google().world.iam.allows(caller, demand)) {
      letIn(request, response);
      return;
    }
    request.resume();
    refuse(response, 403);
  };
}
