/** Two agents in one plane, strangers' things beside them, and what is on record of an attempt. */

import { keySecretId, serviceAccountEmail } from '../../../contracts/names.ts';
import { LOCAL } from '../../../local/plane/settings.ts';
import { ALLISON, phoneOf } from '../../functions/fixtures.ts';
import { type InProcess, startInProcess } from '../../functions/support/in-process.ts';

const PROJECT = `projects/${LOCAL.project.id}`;
export const SECRETS = `/v1/${PROJECT}/secrets`;
export const ZONE = `/compute/v1/${PROJECT}/zones/${LOCAL.zone}`;
export const ACCOUNTS = `/v1/${PROJECT}/serviceAccounts`;
export const AGENT_A = serviceAccountEmail(ALLISON, LOCAL.project.id);
export const AGENT_B = `agent-bo@${LOCAL.project.id}.iam.gserviceaccount.com`;
/** Payload of a secret's version. */
export const DATA = { payload: { data: Buffer.from('mine now').toString('base64') } };
export const REPLICATION = { replication: { automatic: {} } };

/** A request to Google: name of the case, method, path, body. */
export type GoogleCase = readonly [what: string, method: string, path: string, body?: object];

export interface Refused {
  readonly status: number;
  /** What Google wrote down of it. */
  readonly lines: ReadonlyArray<{ readonly who: string; readonly permission: string }>;
}

export interface Stand {
  readonly plane: InProcess;
  /** A call to Google as that account (`serviceAccount:...`, `user:...`). */
  google(principal: string, method: string, path: string, body?: object): Promise<Refused>;
  close(): Promise<void>;
}

interface AuditEntry {
  readonly protoPayload?: {
    readonly authenticationInfo: { readonly principalEmail: string };
    readonly authorizationInfo: readonly [{ readonly permission: string }];
  };
}

async function ask(url: string, token: string, method: string, body?: object): Promise<number> {
  const answer = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  await answer.arrayBuffer();
  return answer.status;
}

export async function openStand(): Promise<Stand> {
  const plane = await startInProcess();
  const { google } = plane;
  const entries = (): readonly AuditEntry[] => google.logging.entries() as readonly AuditEntry[];
  const call: Stand['google'] = async (principal, method, path, body) => {
    const mark = entries().length;
    const { accessToken } = google.tokens.access(principal);
    const status = await ask(`${google.restUrl}${path}`, accessToken, method, body);
    const lines = entries()
      .slice(mark)
      .flatMap(({ protoPayload }) => (protoPayload ? [protoPayload] : []))
      .map(({ authenticationInfo, authorizationInfo: [first] }) => ({
        who: authenticationInfo.principalEmail,
        permission: first.permission,
      }));
    return { status, lines };
  };
  for (const user of ['allison@nine30.com', 'bo@nine30.com']) {
    await plane.call('POST', '/v1/agents', { user, userPhone: phoneOf(user) });
  }
  await google.compute.operations.idle();
  const asOwner = (method: string, path: string, body: object) =>
    call(`user:${LOCAL.admin}`, method, path, body);
  await asOwner('POST', `${SECRETS}/${keySecretId(ALLISON)}:addVersion`, DATA);
  await asOwner('POST', `${SECRETS}/agent-bo-api-key:addVersion`, DATA);
  // What somebody else keeps in the same project.
  await asOwner('POST', `${SECRETS}?secretId=payroll`, REPLICATION);
  await asOwner('POST', `${SECRETS}/payroll:addVersion`, DATA);
  google.world.accounts.create(LOCAL.project.id, 'payroll-job');
  return { plane, google: call, close: () => plane.close() };
}
