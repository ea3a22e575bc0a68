/** Everything that was said to the plane, and nothing of it in what the plane says to its logs. */

import { LOCAL } from '../../local/plane/settings.ts';
import { vmToken } from '../functions/harness.ts';
import { openStand, type Stand } from './support/stand.ts';

const BODY = 'canary-body-7f3a';
const SUBJECT = 'canary-subject-19bc';
const KEY = 'sk-ant-api03-canary-Zx9Cv5Bn1Mq3Lw7';
const PHONE = '+15550123987';
const QR = `data:image/png;base64,${Buffer.from('canary-qr').toString('base64')}`;

let stand: Stand;
beforeAll(async () => {
  stand = await openStand();
});
afterAll(() => stand.close());

test('no key, token, whole number, code or mail', async () => {
  const { plane } = stand;
  const { google } = plane;
  const token = await vmToken(google, 'allison', {});
  const vm = (path: string, body?: object) => plane.callVm('POST', `/v1/self/${path}`, body, token);
  google.gmail.mailboxes.deliver(
    'bo@nine30.com',
    Buffer.from(
      `From: bo@nine30.com\r\nTo: allison@nine30.com\r\nSubject: ${SUBJECT}\r\n\r\n${BODY} ${KEY}`,
    ),
  );
  const asked = [
    await vm('mail', { subject: SUBJECT, text: BODY }),
    await vm('mail', { subject: SUBJECT, text: BODY, [KEY]: 1 }),
    await vm('mail/inbox', { query: BODY }),
    await vm('mail/inbox', { limit: KEY }),
    await vm('mail/read', { id: KEY }),
    await vm('pairing-mail', { qr: QR, until: new Date(Date.now() + 60_000).toISOString() }),
    await vm('backup', { data: Buffer.from(BODY).toString('base64') }),
    await plane.call('PATCH', '/v1/agents/allison', { userPhone: PHONE }),
    await plane.call('PATCH', '/v1/agents/allison', { userPhone: `${PHONE}x${KEY}` }),
    await plane.call('PATCH', '/v1/agents/allison', { [PHONE]: KEY }),
    await plane.call('GET', `/v1/agents/allison?key=${KEY}&dryRun=${PHONE}`),
    await plane.call('GET', `/v1/${KEY}/${token}`),
    await plane.call('POST', '/v1/agents', `{"userPhone": "${PHONE}", "key": "${KEY}"`),
    await plane.call('GET', '/v1/agents', undefined, `${token}.${KEY}`),
    await plane.callPages('GET', `/pair/${KEY}.${token}`),
  ];
  // Both ways of things: what went through, and what was refused.
  expect(new Set(asked.map(({ status }) => status < 300))).toEqual(new Set([true, false]));
  const said = [plane.log.join('\n'), JSON.stringify(google.logging.entries())].join('\n');
  expect(plane.log.length).toBeGreaterThanOrEqual(asked.length);
  const wanted = [BODY, SUBJECT, KEY, PHONE, PHONE.slice(1), QR, token, token.split('.')[2] ?? ''];
  expect(wanted.filter((canary) => said.includes(canary))).toEqual([]);
  expect(said).not.toMatch(/eyJ[\w-]{10,}|ya29\.|\+\d{9,}/);
  expect(said).toContain(LOCAL.admin);
});
