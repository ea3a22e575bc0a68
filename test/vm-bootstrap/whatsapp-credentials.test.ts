import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { isLinked } from '../../vm-bootstrap/backup/credentials.ts';
import { KEY_BYTES, seal } from '../../vm-bootstrap/backup/seal.ts';
import type { Context } from '../../vm-bootstrap/steps/step.ts';
import { whatsappCredentials } from '../../vm-bootstrap/steps/whatsapp-credentials.ts';
import { AGENT, type Cloud, startConfiguredCloud } from './support/cloud.ts';
import { createMachine, newRoot } from './support/machine.ts';

const RESTORE = '/v1/self/restore';
const KEY_SECRET = `agent-${AGENT}-backup-key`;
const KEY = randomBytes(KEY_BYTES);
const SEALED = seal(
  {
    version: 1,
    at: '2026-11-20T18:00:00Z',
    files: { 'creds.json': JSON.stringify({ me: { id: '15551234567:1@s.whatsapp.net' } }) },
    greeted: false,
  },
  KEY,
  AGENT,
);
const MINUTE = 60_000;

let cloud: Cloud;
let root: string;
/** Milliseconds that have passed on the machine. */
let passed: number;

beforeEach(async () => {
  cloud = await startConfiguredCloud();
  root = newRoot();
  passed = 0;
});
afterEach(async () => {
  await cloud.close();
  rmSync(root, { recursive: true, force: true });
});

/** A machine on a new disk, whose clock is ours. */
async function newDisk(): Promise<Context> {
  const context = await (await createMachine(cloud, 0, root)).context();
  const start = Date.now();
  const host = {
    ...context.host,
    now: () => new Date(start + passed),
    sleep: async (ms: number) => {
      passed += ms;
    },
  };
  return { ...context, host };
}
/** The same while nobody answers at the plane's address. */
const withoutPlane = (context: Context): Context => ({
  ...context,
  facts: { ...context.facts, planeUrl: 'http://127.0.0.1:1' },
});
const backedUp = () => {
  cloud.answersOf[RESTORE] = { data: SEALED.toString('base64') };
};
async function keyIsThere() {
  await cloud.createSecret(KEY_SECRET, 'secretAccessor');
  await cloud.addVersion(KEY_SECRET, KEY.toString('base64'));
}
const hasLink = ({ host, layout }: Context) => isLinked(host, layout.whatsappCredentials);
/** Whether a later bootstrap leaves it alone. */
const isDone = (context: Context) => whatsappCredentials.check(context);

test('a plane that is away is waited for; then the link comes back', async () => {
  backedUp();
  await keyIsThere();
  const context = await newDisk();
  await expect(whatsappCredentials.apply(withoutPlane(context))).rejects.toThrow('not known yet');
  expect(isDone(context)).toBe(false);
  passed += 9 * MINUTE;
  await expect(whatsappCredentials.apply(withoutPlane(context))).rejects.toThrow('not known yet');
  await whatsappCredentials.apply(context);
  expect([hasLink(context), isDone(context)]).toEqual([true, true]);
});

test('after ten minutes the agent starts without its link, and a later look still finds it', async () => {
  backedUp();
  await keyIsThere();
  const context = await newDisk();
  await expect(whatsappCredentials.apply(withoutPlane(context))).rejects.toThrow('not known yet');
  passed += 10 * MINUTE;
  await whatsappCredentials.apply(withoutPlane(context));
  expect([hasLink(context), isDone(context)]).toEqual([false, false]);
  await whatsappCredentials.apply(context);
  expect([hasLink(context), isDone(context)]).toEqual([true, true]);
});

test('a backup whose key cannot be read yet is waited for', async () => {
  backedUp();
  const context = await newDisk();
  await expect(whatsappCredentials.apply(context)).rejects.toThrow('its key cannot be read');
  expect(isDone(context)).toBe(false);
  await keyIsThere();
  await whatsappCredentials.apply(context);
  expect([hasLink(context), isDone(context)]).toEqual([true, true]);
});

test.each([
  ['no backup', undefined],
  ['a damaged one', SEALED.subarray(1).toString('base64')],
])('%s: settled at the first look', async (_what, data) => {
  await keyIsThere();
  if (data !== undefined) cloud.answersOf[RESTORE] = { data };
  const context = await newDisk();
  await whatsappCredentials.apply(context);
  expect([hasLink(context), isDone(context), passed]).toEqual([false, true, 0]);
});

test('a backup whose key was destroyed is worth nothing: settled', async () => {
  backedUp();
  await keyIsThere();
  await cloud.destroyVersion(KEY_SECRET, '1');
  const context = await newDisk();
  await whatsappCredentials.apply(context);
  expect([hasLink(context), isDone(context), passed]).toEqual([false, true, 0]);
});

test('a disk whose own link was backed up is left alone', async () => {
  backedUp();
  const context = await newDisk();
  context.host.write(context.layout.backupMark, '{}', { mode: 0o600 });
  expect(isDone(context)).toBe(true);
});
