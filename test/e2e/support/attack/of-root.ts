/** What root of agent A's VM, who has A's identity, asks of Google: the same as from anywhere (test/attack), by the VM's own network. */

import { LOCAL, PLANE_ACCOUNT } from '../../../../local/plane/settings.ts';

const PROJECT = `projects/${LOCAL.project.id}`;
const SECRETS = `secretmanager.googleapis.com/v1/${PROJECT}/secrets`;
const ZONE = `compute.googleapis.com/compute/v1/${PROJECT}/zones/${LOCAL.zone}`;
const BUCKET = `storage.googleapis.com/storage/v1/b/${LOCAL.bucket}/o`;
const ACCOUNTS = 'iamcredentials.googleapis.com/v1/projects/-/serviceAccounts';
const AGENT_B = `agent-bo@${LOCAL.project.id}.iam.gserviceaccount.com`;
const DATA = { payload: { data: 'AAAA' } };
const SCOPE = { scope: ['https://www.googleapis.com/auth/cloud-platform'] };

/** What, method, place, body. */
export type Asked = readonly [what: string, method: string, place: string, body?: object];

export const ASKED_OF_GOOGLE: readonly Asked[] = [
  ["read B's config", 'GET', `${SECRETS}/agent-bo-config/versions/latest:access`],
  ["read B's key", 'GET', `${SECRETS}/agent-bo-api-key/versions/latest:access`],
  ['list the secrets', 'GET', SECRETS],
  ["write B's key", 'POST', `${SECRETS}/agent-bo-api-key:addVersion`, DATA],
  ['write its own config, and budget', 'POST', `${SECRETS}/agent-allison-config:addVersion`, DATA],
  ["write the organisation's key", 'POST', `${SECRETS}/agents-plane-api-key:addVersion`, DATA],
  ['make a secret', 'POST', `${SECRETS}?secretId=more`, { replication: { automatic: {} } }],
  [
    'change who may read its key',
    'POST',
    `${SECRETS}/agent-allison-api-key:setIamPolicy`,
    { policy: {} },
  ],
  [
    'change the rights in the project',
    'POST',
    `cloudresourcemanager.googleapis.com/v3/${PROJECT}:setIamPolicy`,
    { policy: {} },
  ],
  ['list the accounts', 'GET', `iam.googleapis.com/v1/${PROJECT}/serviceAccounts`],
  ['list the instances', 'GET', `${ZONE}/instances`],
  ['create an instance', 'POST', `${ZONE}/instances`, { name: 'agent-more' }],
  ["stop B's VM", 'POST', `${ZONE}/instances/agent-bo/stop`],
  [
    'give its own VM another program',
    'POST',
    `${ZONE}/instances/agent-allison/setMetadata`,
    { items: [] },
  ],
  ['take a token of B', 'POST', `${ACCOUNTS}/${AGENT_B}:generateAccessToken`, SCOPE],
  ['take a token of the plane', 'POST', `${ACCOUNTS}/${PLANE_ACCOUNT}:generateAccessToken`, SCOPE],
  ["read B's backup", 'GET', `${BUCKET}/agents%2Fbo%2Fwhatsapp?alt=media`],
  ['read the logs', 'POST', 'logging.googleapis.com/v2/entries:list', { resourceNames: [PROJECT] }],
];

/** Prints the HTTP status of each, a line each. The token stays in the machine. */
export function askAsRoot(asked: readonly Asked[], token = '$token'): string {
  const curl = asked.map(([, method, place, body]) => {
    const data = body
      ? `-H 'content-type: application/json' -d '${JSON.stringify(body)}'`
      : method === 'POST'
        ? "-d ''"
        : '';
    return `curl -sS -m 10 -o /dev/null -w '%{http_code}\\n' -X ${method} -H "authorization: Bearer ${token}" ${data} 'https://${place}'`;
  });
  const own =
    "token=$(curl -sSf -H 'Metadata-Flavor: Google' http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token | sed 's/.*access_token\":\"\\([^\"]*\\).*/\\1/')";
  return [own, ...curl].join('\n');
}
