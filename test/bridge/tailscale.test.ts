import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkFunnel, startFunnel } from '../../bridge/transports/tailscale.ts';
import { until } from './support/bridge.ts';

const STAND_IN = join(import.meta.dirname, 'support/tailscale');

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bridge-tailscale-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const notes = (): string =>
  existsSync(join(dir, 'notes')) ? readFileSync(join(dir, 'notes'), 'utf8') : '';
const options = (state: string, path = `${STAND_IN}:/usr/bin:/bin`) => ({
  port: 18_790,
  path: '/webhook',
  env: { PATH: path, TAILSCALE_STATE: state, TAILSCALE_NOTES: join(dir, 'notes') },
  onEnded: () => {},
});

test('opens the port for as long as it runs, and says the address', async () => {
  const funnel = await startFunnel(options('Running'));
  expect(funnel.url).toBe('https://machine.tail1234.ts.net/webhook');
  await until('the funnel', () => notes().includes('open 18790'));
  await funnel.close();
  expect(notes()).toBe('open 18790\nclosed\n');
});

test('not logged in, and not installed: what to do', async () => {
  await expect(startFunnel(options('NeedsLogin'))).rejects.toThrow(/tailscale up/);
  await expect(startFunnel(options('Running', dir))).rejects.toThrow(/not installed/);
});

test.each([
  ['allowed', 'Running', '{"https":null,"funnel":null}', true, /^https:\/\/machine\.\S+\/webhook$/],
  ['without HTTPS', 'Running', '{"funnel":null}', false, /^enable HTTPS certificates/],
  ['without Funnel', 'Running', '{"https":null}', false, /^allow this machine .*"funnel"/],
  ['without both', 'Running', '{}', false, /HTTPS.*; allow/],
  ['logged out', 'NeedsLogin', '{}', false, /tailscale up/],
  ['of a shape that nobody knows', 'Running', '7', false, /nothing that can be used/],
])('check, on a machine %s', async (_, state, caps, ok, detail) => {
  const env = { ...options(state).env, TAILSCALE_CAPS: caps };
  expect(await checkFunnel(env, '/webhook')).toEqual({
    what: 'Tailscale Funnel',
    ok,
    detail: expect.stringMatching(detail),
  });
  expect(notes()).toBe('');
});

test('check, where it is not installed', async () => {
  expect(await checkFunnel(options('Running', dir).env, '/webhook')).toMatchObject({
    ok: false,
    detail: expect.stringContaining('not installed'),
  });
});
