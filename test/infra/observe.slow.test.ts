/** The filters of infra/ against lines that the running product writes: an alert that matches nothing never fires. */

import { readFile } from 'node:fs/promises';
import { logFilter } from '../../local/google/log-filter.ts';
import { infraFiles, planInfra } from '../../local/plane/infra.ts';
import { type Harness, send, startHarness } from '../functions/harness.ts';

const { resources } = planInfra();
const metrics = resources.filter(({ type }) => type === 'google_logging_metric');
const filterOf = (address: string): string =>
  String(resources.find((each) => each.address === address)?.values.filter);
const QR = `data:image/png;base64,${Buffer.from('a picture of a code').toString('base64').replace(/=*$/, '')}`;
const AT = '2026-11-20T10:00:00.000Z';

let api: Harness;
let vm: Harness;
beforeAll(async () => {
  api = await startHarness({ target: 'api' });
  vm = await startHarness({ target: 'vm', google: api.google });
  const body = { user: 'allison@nine30.com', userPhone: '+15551234567' };
  await send(`${api.plane.url}/v1/agents`, 'POST', await api.idToken(), body);
  await api.google.compute.operations.idle();
});
afterAll(async () => {
  await vm.close();
  await api.close();
});

const post = async (path: string, body: object) =>
  (await send(`${vm.plane.url}/v1/self/${path}`, 'POST', await vm.vmToken('allison'), body)).status;

/** The function's lines as Cloud Run hands them to Cloud Logging: severity and request are taken out of the payload. */
async function entriesOf({ logFile }: Harness, service: string) {
  const lines = (await readFile(logFile, 'utf8'))
    .split('\n')
    .filter((line) => line.startsWith('{'));
  return lines.map((line) => {
    const { severity, httpRequest, ...jsonPayload } = JSON.parse(line);
    const resource = { type: 'cloud_run_revision', labels: { service_name: service } };
    return { severity, httpRequest, resource, jsonPayload };
  });
}
const matched = async (address: string) => {
  const matches = logFilter(filterOf(address));
  const entries = [
    ...(await entriesOf(vm, 'agents-plane-vm')),
    ...(await entriesOf(api, 'agents-plane-api')),
  ];
  return entries.filter(matches).map(({ jsonPayload }) => jsonPayload.message);
};

test('pairing needed: a lost link and a mailed code count, and nothing else does', async () => {
  const report = (state: string, at: string) => post('channel', { channel: 'whatsapp', state, at });
  expect(await report('linked', AT)).toBe(200);
  expect(await matched('google_logging_metric.pairing_needed')).toEqual([]);
  expect(await report('logged-out', '2026-11-20T11:00:00.000Z')).toBe(200);
  const until = new Date(Date.now() + 60_000).toISOString();
  expect(await post('pairing-mail', { qr: QR, until })).toBe(200);
  expect(await post('pairing-mail', { qr: 'no picture', until: AT })).toBe(400);
  expect(await matched('google_logging_metric.pairing_needed')).toEqual([
    'POST /v1/self/channel 200',
    'POST /v1/self/pairing-mail 200',
  ]);
});

test('channel down: what is deaf for a quarter of an hour counts, and nothing else does', async () => {
  const report = (state: string, at: string, more = {}) =>
    post('channel', { channel: 'whatsapp', state, at, ...more });
  expect(await report('linked', '2026-11-20T12:00:00.000Z')).toBe(200);
  expect(await report('deaf', '2026-11-20T13:00:00.000Z')).toBe(200);
  expect(await matched('google_logging_metric.channel_down')).toEqual([]);
  const since = '2026-11-20T12:58:30.000Z';
  expect(await report('deaf', since, { lasting: true })).toBe(200);
  expect(await report('restored', '2026-11-20T13:20:00.000Z')).toBe(200);
  expect(await matched('google_logging_metric.channel_down')).toEqual([
    'POST /v1/self/channel 200',
  ]);
});

test('the audit log keeps every line of ours', async () => {
  const all = await entriesOf(vm, 'agents-plane-vm');
  const matches = logFilter(filterOf('google_logging_project_sink.audit'));
  expect(all.length).toBeGreaterThan(3);
  expect(all.every(matches)).toBe(true);
  expect(all.map((entry) => ({ ...entry, resource: {} })).some(matches)).toBe(false);
});

test('function errors: what we are to blame for, not what a caller did wrong', async () => {
  expect(await matched('google_logging_metric.function_errors')).toEqual([]);
  await api.google.close();
  expect(await post('welcome', {})).toBeGreaterThanOrEqual(500);
  expect(await matched('google_logging_metric.function_errors')).toEqual([
    expect.stringMatching(/^POST \/v1\/self\/welcome 50\d$/),
  ]);
});

test('alerts and dashboard count what is there to be counted', () => {
  const named = Object.values(infraFiles()).flatMap((text) =>
    [...text.matchAll(/logging\.googleapis\.com\/user\/([\w-]+)/g)].map(([, name]) => name),
  );
  expect(named.length).toBeGreaterThan(0);
  expect(metrics.map(({ values }) => values.name)).toEqual(expect.arrayContaining(named));
  const alerted = JSON.stringify(resources.filter(({ type }) => type.endsWith('alert_policy')));
  for (const { values } of metrics) expect(alerted).toContain(`user/${values.name}`);
});
