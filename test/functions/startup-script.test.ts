/** The startup script itself, run by bash against a metadata server and a bucket. */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

const SCRIPT = join(import.meta.dirname, '../../templates/plane/startup-script.sh');
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is a program's text
const BUNDLE = 'console.log(`ran ${process.argv[2]}`);\n';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const OBJECT = '/storage/v1/b/bucket/o/vm%2Fagent.mjs?alt=media';
const META = '/computeMetadata/v1/instance';

let server: Server;
let host: string;
let root: string;
let pinned: string;
let downloads: (string | undefined)[];
/** What the bucket answers, one a download; 200 after these. */
let refusals: number[];
let status: string;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'agents-plane-startup-'));
  pinned = sha256(BUNDLE);
  downloads = [];
  refusals = [];
  status = '';
  server = createServer((request, response) => {
    const answers: Record<string, () => string> = {
      [`${META}/attributes/agents-plane-bundle`]: () => 'gs://bucket/vm/agent.mjs',
      [`${META}/attributes/agents-plane-bundle-sha256`]: () => pinned,
      [`${META}/attributes/agents-plane-endpoints`]: () => `{"storage": "http://${host}"}`,
      [`${META}/service-accounts/default/token`]: () =>
        '{"access_token":"t0ken","expires_in":3599}',
      [OBJECT]: () => {
        downloads.push(request.headers.authorization);
        return BUNDLE;
      },
    };
    if (request.method === 'PUT')
      request.setEncoding('utf8').on('data', (text) => (status += text));
    const answer = answers[request.url ?? ''];
    const refusal = request.url === OBJECT ? refusals.shift() : undefined;
    response.statusCode = refusal ?? (answer || request.method === 'PUT' ? 200 : 404);
    request.on('end', () => response.end(answer?.() ?? '')).resume();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(root, { recursive: true });
});

async function run(): Promise<{ code: number; stdout: string }> {
  // Its pauses are minutes in all: nothing is waited for here.
  const bin = join(root, 'bin');
  mkdirSync(bin, { recursive: true });
  rmSync(join(bin, 'sleep'), { force: true });
  symlinkSync('/bin/true', join(bin, 'sleep'));
  const PATH = [bin, dirname(process.execPath), process.env.PATH].join(delimiter);
  const env = { PATH, AGENTS_PLANE_ROOT: root, GCE_METADATA_HOST: host };
  const child = spawn('bash', [SCRIPT], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  const [code] = await once(child, 'close');
  return { code, stdout };
}

test('brings the bundle, runs bootstrap, and does not download the same one again', async () => {
  expect(await run()).toEqual({ code: 0, stdout: 'ran bootstrap\n' });
  expect(readFileSync(join(root, 'opt/agents-plane/agent.mjs'), 'utf8')).toBe(BUNDLE);
  expect(await run()).toEqual({ code: 0, stdout: 'ran bootstrap\n' });
  expect(downloads).toEqual(['Bearer t0ken']);
  expect(status).toBe('');
});

test('a bundle with another hash is not run, not kept, and told as the reason', async () => {
  pinned = sha256('something else');
  expect(await run()).toEqual({ code: 1, stdout: '' });
  expect(() => readFileSync(join(root, 'opt/agents-plane/agent.mjs'))).toThrow();
  expect(JSON.parse(status)).toMatchObject({
    state: 'failed',
    reason: expect.stringContaining('is pinned. It was not run'),
    // Whole seconds would lie before the start of a boot that fails within its first one.
    at: expect.stringMatching(/T\d\d:\d\d:\d\d\.\d{3}Z$/),
  });
});

describe('a bucket that refuses at first', () => {
  test.each([
    ['an account that Google does not know yet', [401, 401]],
    ['a grant that is not in force yet', Array(40).fill(403)],
  ])('%s', async (_, refused) => {
    refusals = [...refused];
    expect(await run()).toEqual({ code: 0, stdout: 'ran bootstrap\n' });
    expect(downloads).toHaveLength(refused.length + 1);
    expect(status).toBe('');
  });

  test.each([
    ['a grant that never comes', Array(100).fill(403), 60],
    ['an object that is not there', [404], 1],
  ])('%s is told as the reason', async (_, refused, asked) => {
    refusals = refused;
    expect(await run()).toEqual({ code: 1, stdout: '' });
    expect(downloads).toHaveLength(asked);
    expect(JSON.parse(status).reason).toMatch('cannot be downloaded. Check the bucket');
  });
});
