/** A machine's first boot, in which Google's IAM has not heard of its grants yet. */

import { dirname } from 'node:path';
import { awaitInputs } from '../../vm-bootstrap/await-inputs.ts';
import { UNITS } from '../../vm-bootstrap/core/layout.ts';
import { addOwnVersion } from '../../vm-bootstrap/google/own-secret.ts';
import { secretsAccess } from '../../vm-bootstrap/google/secrets.ts';
import type { Host } from '../../vm-bootstrap/host.ts';
import { type Cloud, CONFIG, DOCUMENT, OWN, PROJECT, startCloud } from './support/cloud.ts';
import { createMachine, type TestMachine } from './support/machine.ts';

const MINUTE = 60_000;
const NO_VERSION = `Secret ${CONFIG} has no version that this VM may read.`;

let cloud: Cloud | undefined;
let machine: TestMachine | undefined;
afterEach(async () => {
  machine?.remove();
  await cloud?.close();
});

/** @param propagationMs of a grant. @returns a machine whose pauses are what Google's clock goes on by */
async function boot(propagationMs: number) {
  const clock = { at: Date.now(), now: () => clock.at, ticks: () => clock.at };
  const google = await startCloud([], { clock, propagationMs });
  cloud = google;
  await google.createSecret(CONFIG);
  await google.addVersion(CONFIG, JSON.stringify(DOCUMENT));
  const built = await createMachine(google);
  machine = built;
  const sleep: Host['sleep'] = async (ms) => {
    clock.at += ms;
  };
  const host: Host = { ...built.host, sleep };
  const { layout, lines } = built;
  const began = clock.at;
  const inputs = () => awaitInputs(host, layout, Promise.resolve());
  return { google, host, layout, lines, inputs, waitedMs: () => clock.at - began };
}

test.each([[2 * MINUTE], [9 * MINUTE]])('a grant that takes %i ms is waited for', async (ms) => {
  const { google, inputs, lines, waitedMs } = await boot(ms);
  await google.grant(CONFIG, 'secretAccessor');
  expect(await inputs()).toMatchObject({ config: DOCUMENT });
  expect(waitedMs()).toBe(ms);
  // Google limits the rate of guest attributes: said once, not at each look.
  expect(google.statuses).toMatchObject([{ state: 'bootstrapping', reason: NO_VERSION }]);
  expect(lines).toEqual([`agent: ${NO_VERSION} Asking again for 10 minutes.`]);
});

test('a grant that never comes is given up, and said', async () => {
  const { inputs, waitedMs } = await boot(0);
  await expect(inputs()).rejects.toThrow(NO_VERSION);
  expect(waitedMs()).toBe(10 * MINUTE);
});

test('where a unit tries again, nothing is waited for', async () => {
  const { host, layout, inputs, waitedMs } = await boot(0);
  const unit = `${layout.units}/${UNITS.bootstrap}`;
  host.makeDirectory(dirname(unit), { mode: 0o755 });
  host.write(unit, '', { mode: 0o644 });
  await expect(inputs()).rejects.toThrow(NO_VERSION);
  expect(waitedMs()).toBe(0);
});

test('what no waiting mends is said at once', async () => {
  const { google, inputs, waitedMs } = await boot(0);
  await google.grant(CONFIG, 'secretAccessor');
  await google.addVersion(CONFIG, 'hello');
  await expect(inputs()).rejects.toThrow('is not JSON');
  expect(waitedMs()).toBe(0);
});

test('a secret that the plane made for a command is written to once its grant is in force', async () => {
  const { google, host, waitedMs } = await boot(2 * MINUTE);
  await google.createSecret(OWN);
  await google.grant(OWN, 'secretVersionManager');
  const endpoints = { secretmanager: google.google.restUrl };
  const access = await secretsAccess(host, { project: PROJECT, endpoints });
  const planeUrl = google.attributes['agents-plane-url'] ?? '';
  const place = { secret: OWN, planeUrl, ensurePath: '/v1/self/backup-secret' };
  expect(await addOwnVersion(access, place, 'text')).toBe('1');
  expect(waitedMs()).toBe(2 * MINUTE);
});
