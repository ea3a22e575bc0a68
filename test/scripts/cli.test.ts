import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveControl } from '../../local/plane/control.ts';
import { type Plane, startPlane } from '../../local/plane/plane.ts';

const ROOT = join(import.meta.dirname, '../..');

let cache: string;
let plane: Plane;
let closeControl: () => Promise<void>;

beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'cli-'));
  plane = await startPlane({
    root: ROOT,
    cacheDir: cache,
    runDir: join(cache, 'run'),
    env: process.env,
    sharedKey: undefined,
    now: Date.now,
  });
  closeControl = await serveControl(plane, join(cache, 'local.sock'));
});

afterAll(async () => {
  await closeControl?.();
  await plane?.close();
  await rm(cache, { recursive: true, force: true });
});

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const cli = (...args: string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    // CI makes some libraries print colour into pipes.
    const env = { PATH: process.env.PATH, AGENTS_PLANE_CACHE: cache, CI: 'true' };
    execFile(
      process.execPath,
      [join(ROOT, 'scripts/cli.ts'), ...args],
      { env },
      (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });

const ALLISON = ['--user', 'allison@nine30.com', '--phone', '+15551234567'];

describe('agents-plane', () => {
  test('--help shows examples', async () => {
    const { code, stdout } = await cli('--help');
    expect(code).toBe(0);
    expect(stdout).toContain('agents-plane provision --user');
  });

  test('provision --dry-run prints the plan and creates nothing', async () => {
    const { code, stdout } = await cli('provision', ...ALLISON, '--dry-run', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ agent: 'allison', steps: expect.any(Array) });
    expect((await cli('get', 'allison')).code).toBe(1);
  });

  test('provision, get and list speak JSON for machines', async () => {
    expect(JSON.parse((await cli('provision', ...ALLISON, '--json')).stdout)).toMatchObject({
      name: 'allison',
    });
    expect(JSON.parse((await cli('get', 'allison', '--json')).stdout)).toMatchObject({
      user: 'allison@nine30.com',
    });
    expect((await cli('list')).stdout).toContain('name: allison');
  });

  test("a refusal is the plane's own code, field and fix, and exit code 1", async () => {
    const { code, stderr, stdout } = await cli(
      'provision',
      '--user',
      'allison@nine30.com',
      '--phone',
      '555',
    );
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).not.toContain('\u001b[');
    expect(stderr).toMatch(/INVALID_ARGUMENT[\s\S]*userPhone/);
  });

  test('no phone number is ever printed whole', async () => {
    const { stdout, stderr } = await cli('get', 'allison');
    expect(stdout + stderr).not.toContain('5551234567');
  });

  test.each([
    ['an unknown command', ['destroy']],
    ['a missing option', ['provision', '--user', 'a@nine30.com']],
    ['an unknown mode', ['provision', ...ALLISON, '--mode', 'fax']],
    ['a bad port', ['local', 'start', '--port', '99999']],
  ])('%s is a clear error', async (_what, args) => {
    const { code, stderr } = await cli(...args);
    expect(code).toBe(1);
    expect(stderr.length).toBeGreaterThan(10);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test('without a plane it says how to start one', async () => {
    const env = { PATH: process.env.PATH, AGENTS_PLANE_CACHE: join(cache, 'nowhere') };
    const stderr = await new Promise<string>((resolve) =>
      execFile(
        process.execPath,
        [join(ROOT, 'scripts/cli.ts'), 'list'],
        { env },
        (_error, _out, err) => resolve(err),
      ),
    );
    expect(stderr).toContain('./scripts/demo');
  });
});
