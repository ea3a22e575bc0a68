/**
 * What Cloud Run asks before a private function runs: does the caller's ID token belong to somebody
 * with run.routes.invoke on it? So a binding that infra/access.tf lacks shuts agents out here too.
 * https://cloud.google.com/run/docs/authenticating/service-to-service
 */

import type { RequestListener } from 'node:http';
import { decodeJwt } from 'jose';
import type { Google } from '../google/google.ts';
import { LOCAL } from './settings.ts';

/** Whose token it is. The signature is left to the function, which checks it anyway. */
function callerOf(authorization: string | undefined): string | undefined {
  const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) return undefined;
  try {
    const { email } = decodeJwt<{ email?: string }>(token);
    return email === undefined ? undefined : `serviceAccount:${email}`;
  } catch {
    return undefined;
  }
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
  return (request, response) => {
    const { 'x-serverless-authorization': forCloudRun, authorization } = request.headers;
    const caller = callerOf(forCloudRun?.toString() ?? authorization);
    const demand = { permission: 'run.routes.invoke', resource };
    if (caller !== undefined && google().world.iam.allows(caller, demand)) {
      onward(request, response);
      return;
    }
    request.resume();
    response.writeHead(403, { 'content-type': 'text/html' });
    response.end('<title>403 Forbidden</title> Your client does not have permission to get URL.');
  };
}
