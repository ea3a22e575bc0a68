/** What somebody who has the plane's own account asks of what is not ours: refused, and on record. */

import { LOCAL, PLANE_ACCOUNT } from '../../local/plane/settings.ts';
import {
  ACCOUNTS,
  AGENT_A,
  DATA,
  type GoogleCase,
  openStand,
  SECRETS,
  type Stand,
  ZONE,
} from './support/stand.ts';

const PLANE = `serviceAccount:${PLANE_ACCOUNT}`;
const PROJECT = `projects/${LOCAL.project.id}`;
const WEB = `${ZONE}/instances/web-1`;
const OWNER = { policy: { bindings: [{ role: 'roles/owner', members: [PLANE] }] } };
const CREDENTIALS = '/v1/projects/-/serviceAccounts';

const CASES: readonly GoogleCase[] = [
  ["read a stranger's secret", 'GET', `${SECRETS}/payroll/versions/latest:access`],
  ['look at it', 'GET', `${SECRETS}/payroll`],
  ['write it', 'POST', `${SECRETS}/payroll:addVersion`, DATA],
  ['delete it', 'DELETE', `${SECRETS}/payroll`],
  ['label it as ours', 'PATCH', `${SECRETS}/payroll?updateMask=labels`, { labels: {} }],
  ['see who may read it', 'GET', `${SECRETS}/payroll:getIamPolicy`],
  ['let itself in', 'POST', `${SECRETS}/payroll:setIamPolicy`, OWNER],
  ["look at a stranger's VM", 'GET', WEB],
  ['stop it', 'POST', `${WEB}/stop`],
  ['start it', 'POST', `${WEB}/start`],
  ['give it another program', 'POST', `${WEB}/setMetadata`, { items: [] }],
  ['delete it', 'DELETE', WEB],
  ['read its console', 'GET', `${WEB}/serialPort`],
  ["delete a stranger's disk", 'DELETE', `${ZONE}/disks/web-data`],
  ['make a disk of no agent', 'POST', `${ZONE}/disks`, { name: 'web-2', sizeGb: '10' }],
  ['read the rights in the project', 'POST', `/v3/${PROJECT}:getIamPolicy`, {}],
  ['make itself owner', 'POST', `/v3/${PROJECT}:setIamPolicy`, OWNER],
  ['let itself act as an agent', 'POST', `${ACCOUNTS}/${AGENT_A}:setIamPolicy`, OWNER],
  [
    'take a token of an agent',
    'POST',
    `${CREDENTIALS}/${AGENT_A}:generateAccessToken`,
    { scope: [] },
  ],
  ['sign as an agent', 'POST', `${CREDENTIALS}/${AGENT_A}:signJwt`, { payload: '{}' }],
  ['delete its own bucket', 'DELETE', `/storage/v1/b/${LOCAL.bucket}`],
  ['switch an API on', 'POST', `/v1/${PROJECT}/services/gmail.googleapis.com:enable`, {}],
];

let stand: Stand;
beforeAll(async () => {
  stand = await openStand();
});
afterAll(() => stand.close());

/** The plane's own reads of administration are all day long, and the one thing not written down. */
const UNWRITTEN = /\.(get|getIamPolicy|getSerialPortOutput)$/;

test.each(CASES.map((row) => ({ row })))('$row.0', async ({ row: [, method, path, body] }) => {
  const mark = stand.plane.google.recording.length;
  const { status, lines } = await stand.google(PLANE, method, path, body);
  expect(status).toBe(403);
  const [call] = stand.plane.google.recording.slice(mark);
  const permission = call?.demands[0]?.permission ?? '';
  const written = UNWRITTEN.test(permission) ? [] : [{ who: PLANE_ACCOUNT, permission }];
  expect(lines).toEqual(written);
});

test('what no condition fences is as docs/decisions/095 says', async () => {
  const { world } = stand.plane.google;
  const may = (permission: string, resource: string) =>
    world.iam.allows(PLANE, { permission, resource });
  const other = `${PROJECT}/serviceAccounts/payroll-job@${LOCAL.project.id}.iam.gserviceaccount.com`;
  expect(may('iam.serviceAccounts.actAs', other)).toBe(true);
  expect(may('secretmanager.secrets.list', PROJECT)).toBe(true);
  expect(may('iam.serviceAccounts.setIamPolicy', other)).toBe(false);
});
