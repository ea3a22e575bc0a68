/** What somebody who has agent A's service account asks of Google: all of it is refused, and on record. */

import { LOCAL, PLANE_ACCOUNT } from '../../local/plane/settings.ts';
import {
  ACCOUNTS,
  AGENT_A,
  AGENT_B,
  DATA,
  type GoogleCase,
  openStand,
  REPLICATION,
  SECRETS,
  type Stand,
  ZONE,
} from './support/stand.ts';

const A = `serviceAccount:${AGENT_A}`;
const PROJECT = `projects/${LOCAL.project.id}`;
const ROLE = (role: string) => ({ policy: { bindings: [{ role, members: [A] }] } });
const MANAGER = ROLE('roles/secretmanager.secretVersionManager');
const BUCKET = `/storage/v1/b/${LOCAL.bucket}`;
const UPLOAD = `/upload/storage/v1/b/${LOCAL.bucket}/o?uploadType=media&name=`;
const CREDENTIALS = '/v1/projects/-/serviceAccounts';
const SCOPE = { scope: ['https://www.googleapis.com/auth/cloud-platform'] };
const vm = (name: string, account: string) => ({
  name,
  machineType: `zones/${LOCAL.zone}/machineTypes/e2-medium`,
  disks: [{ boot: true, initializeParams: { sourceImage: `${PROJECT}/global/images/image-1` } }],
  networkInterfaces: [{ subnetwork: `regions/${LOCAL.region}/subnetworks/${LOCAL.network}` }],
  serviceAccounts: [{ email: account, scopes: SCOPE.scope }],
});
const METADATA = { items: [{ key: 'startup-script', value: '#!/bin/sh' }] };
const access = (secret: string) => `${SECRETS}/${secret}/versions/latest:access`;

const CASES: readonly GoogleCase[] = [
  ["read B's config", 'GET', access('agent-bo-config')],
  ["read B's key", 'GET', access('agent-bo-api-key')],
  ["read B's key by number", 'GET', `${SECRETS}/agent-bo-api-key/versions/1:access`],
  ["read the tokens of B's channels", 'GET', access('agent-bo-channels')],
  ["read the key of B's backups", 'GET', access('agent-bo-backup-key')],
  ['read the key that signs links', 'GET', access('agents-plane-link-key')],
  ["read a stranger's secret", 'GET', access('payroll')],
  ['list the secrets', 'GET', SECRETS],
  ["look at B's secret", 'GET', `${SECRETS}/agent-bo-api-key`],
  ["write B's key", 'POST', `${SECRETS}/agent-bo-api-key:addVersion`, DATA],
  ["write the organisation's key", 'POST', `${SECRETS}/agents-plane-api-key:addVersion`, DATA],
  ['change its own config, and budget', 'POST', `${SECRETS}/agent-allison-config:addVersion`, DATA],
  [
    'change its own record',
    'PATCH',
    `${SECRETS}/agent-allison-config?updateMask=annotations`,
    { annotations: {} },
  ],
  ["destroy B's key", 'POST', `${SECRETS}/agent-bo-api-key/versions/1:destroy`, {}],
  ["disable B's key", 'POST', `${SECRETS}/agent-bo-api-key/versions/1:disable`, {}],
  ["delete B's secret", 'DELETE', `${SECRETS}/agent-bo-api-key`],
  ['delete its own config', 'DELETE', `${SECRETS}/agent-allison-config`],
  ["see who may read B's key", 'GET', `${SECRETS}/agent-bo-api-key:getIamPolicy`],
  ["let itself in on B's key", 'POST', `${SECRETS}/agent-bo-api-key:setIamPolicy`, MANAGER],
  [
    'widen its rights on its own key',
    'POST',
    `${SECRETS}/agent-allison-api-key:setIamPolicy`,
    MANAGER,
  ],
  ['make a secret', 'POST', `${SECRETS}?secretId=agent-allison-more`, REPLICATION],
  ['read the rights in the project', 'POST', `/v3/${PROJECT}:getIamPolicy`, {}],
  ['make itself owner', 'POST', `/v3/${PROJECT}:setIamPolicy`, ROLE('roles/owner')],
  ['list the accounts', 'GET', ACCOUNTS],
  ['make an account', 'POST', ACCOUNTS, { accountId: 'agent-more' }],
  ["delete B's account", 'DELETE', `${ACCOUNTS}/${AGENT_B}`],
  [
    'let itself act as the plane',
    'POST',
    `${ACCOUNTS}/${PLANE_ACCOUNT}:setIamPolicy`,
    ROLE('roles/iam.serviceAccountTokenCreator'),
  ],
  [
    'take a token of the plane',
    'POST',
    `${CREDENTIALS}/${PLANE_ACCOUNT}:generateAccessToken`,
    SCOPE,
  ],
  ['take a token of B', 'POST', `${CREDENTIALS}/${AGENT_B}:generateAccessToken`, SCOPE],
  [
    'take an identity token of B',
    'POST',
    `${CREDENTIALS}/${AGENT_B}:generateIdToken`,
    { audience: 'https://plane.agents-plane.internal', includeEmail: true },
  ],
  [
    "sign the plane's delegation, for B's mailbox",
    'POST',
    `${CREDENTIALS}/${PLANE_ACCOUNT}:signJwt`,
    { payload: JSON.stringify({ sub: 'bo@nine30.com' }) },
  ],
  ['sign as itself', 'POST', `${CREDENTIALS}/${AGENT_A}:signJwt`, { payload: '{}' }],
  ['create an instance', 'POST', `${ZONE}/instances`, vm('agent-more', AGENT_A)],
  ['create an instance as the plane', 'POST', `${ZONE}/instances`, vm('agent-more', PLANE_ACCOUNT)],
  ['list the instances', 'GET', `${ZONE}/instances`],
  ["look at B's instance", 'GET', `${ZONE}/instances/agent-bo`],
  [
    "read what B's VM says of itself",
    'GET',
    `${ZONE}/instances/agent-bo/getGuestAttributes?queryPath=agents-plane/`,
  ],
  ["read B's console", 'GET', `${ZONE}/instances/agent-bo/serialPort`],
  ["give B's VM another program", 'POST', `${ZONE}/instances/agent-bo/setMetadata`, METADATA],
  [
    'give its own VM another program',
    'POST',
    `${ZONE}/instances/agent-allison/setMetadata`,
    METADATA,
  ],
  ["stop B's VM", 'POST', `${ZONE}/instances/agent-bo/stop`],
  ["delete B's VM", 'DELETE', `${ZONE}/instances/agent-bo`],
  [
    "attach B's disk",
    'POST',
    `${ZONE}/instances/agent-allison/attachDisk`,
    { source: `${PROJECT}/zones/${LOCAL.zone}/disks/agent-bo-data` },
  ],
  ["delete B's disk", 'DELETE', `${ZONE}/disks/agent-bo-data`],
  ["read B's backup", 'GET', `${BUCKET}/o/agents%2Fbo%2Fwhatsapp?alt=media`],
  ["overwrite B's backup", 'POST', `${UPLOAD}agents%2Fbo%2Fwhatsapp`, {}],
  [
    'read its own backup past the plane',
    'GET',
    `${BUCKET}/o/agents%2Fallison%2Fwhatsapp?alt=media`,
  ],
  ['list the bucket', 'GET', `${BUCKET}/o`],
  ['replace the program of all VMs', 'POST', `${UPLOAD}vm%2Fagent.mjs`, {}],
  ['delete the bucket', 'DELETE', BUCKET],
  ['read the logs', 'POST', '/v2/entries:list', { resourceNames: [PROJECT] }],
  ['switch an API on', 'POST', `/v1/${PROJECT}/services/gmail.googleapis.com:enable`, {}],
];

let stand: Stand;
beforeAll(async () => {
  stand = await openStand();
});
afterAll(() => stand.close());

test.each(CASES.map((row) => ({ row })))('$row.0', async ({ row: [, method, path, body] }) => {
  const { status, lines } = await stand.google(A, method, path, body);
  expect(status).toBe(403);
  expect(lines).toEqual([{ who: AGENT_A, permission: expect.stringMatching(/^\w+\.\w+\.\w+$/) }]);
});

/**
 * Refused as well, but Google writes nothing into the project's logs: mailboxes and the directory
 * belong to Workspace, and who is not known belongs nowhere.
 */
const WORKSPACE: readonly GoogleCase[] = [
  ["read B's mailbox", 'GET', '/gmail/v1/users/bo@nine30.com/messages'],
  ["send as B's owner", 'POST', '/gmail/v1/users/bo@nine30.com/messages/send', { raw: 'QQ' }],
  ['list the people', 'GET', '/admin/directory/v1/users?domain=nine30.com'],
];
test.each(WORKSPACE.map((row) => ({ row })))(
  '$row.0, of which Workspace alone knows',
  async ({ row: [, method, path, body] }) => {
    const { status, lines } = await stand.google(A, method, path, body);
    expect([400, 401, 403]).toContain(status);
    expect(lines).toEqual([]);
  },
);

test('what it may do is its own alone', async () => {
  for (const [method, path, body] of [
    ['GET', access('agent-allison-config')],
    ['GET', access('agents-plane-api-key')],
    ['POST', `${SECRETS}/agent-allison-api-key:addVersion`, DATA],
  ] as const) {
    const { status, lines } = await stand.google(A, method, path, body);
    expect([path, status === 403, lines]).toEqual([path, false, []]);
  }
});
