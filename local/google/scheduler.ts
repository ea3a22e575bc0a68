/**
 * Cloud Scheduler: runs a job of infra/ now, as `gcloud scheduler jobs run` does, through what
 * Cloud Run does to a request. On this machine nothing runs by the clock.
 *
 * https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs#HttpTarget
 * https://cloud.google.com/run/docs/authenticating/service-to-service
 */

import type { Resource } from '../terraform/resources.ts';
import { isCollection, isList, type Value } from '../terraform/value.ts';
import { withoutSignature } from './cloud-run.ts';
import type { World } from './world.ts';

export interface RunOptions {
  readonly world: World;
  /** Cloud Run service that the job's address belongs to, as a full resource name. */
  readonly service: string;
  /** Where that address is on this machine. */
  readonly reach: (url: string) => string;
}

/** The one block of that name. */
function block(values: Readonly<Record<string, Value>>, name: string): Record<string, Value> {
  const all = values[name];
  const [first] = isList(all) ? all : [all];
  if (!isCollection(first)) throw new Error(`the job has no ${name}`);
  return first as Record<string, Value>;
}

/** @returns the answer's status; 403 when Cloud Run would not let the job's account in */
export async function runJob(
  { world, service, reach }: RunOptions,
  { values }: Resource,
): Promise<number> {
  const target = block(values, 'http_target');
  const { service_account_email: email, audience } = block(target, 'oidc_token');
  const account = world.accounts.find(String(email));
  if (!account) throw new Error(`there is no account ${email}`);
  const demand = { permission: 'run.routes.invoke', resource: service };
  if (!world.iam.allows(`serviceAccount:${account.email}`, demand)) return 403;
  const token = await world.tokens.accountIdToken(account, String(audience));
  // Cloud Run has checked it, and hands it on without its signature.
  const checked = withoutSignature(token);
  const answer = await fetch(reach(String(target.uri)), {
    method: String(target.http_method),
    headers: { authorization: `Bearer ${checked}`, 'user-agent': 'Google-Cloud-Scheduler' },
  });
  await answer.body?.cancel();
  return answer.status;
}
