/** `./scripts/demo --once --json`, as a person or a script runs it. */

import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { agent } from '../../contracts/agent.ts';

const DEMO = join(import.meta.dirname, '../../scripts/demo');
const TIMEOUT_MS = 300_000;

const lastLine = z.strictObject({
  agent,
  vm: z.strictObject({
    name: z.string(),
    kind: z.enum(['nspawn', 'process']),
    why: z.string(),
    os: z.string(),
    status: z.string(),
  }),
  units: z.array(z.strictObject({ unit: z.string(), state: z.string() })),
  files: z.array(z.string()),
  mail: z.strictObject({
    from: z.string(),
    to: z.string(),
    subject: z.string(),
    text: z.string(),
    file: z.string(),
  }),
  reply: z.string(),
  timingsMs: z.record(z.string(), z.number()),
});

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const demo = (...args: string[]): Promise<Run> =>
  new Promise((resolve) => {
    execFile(DEMO, args, { maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === 'number' ? error.code : -1) : 0;
      resolve({ code, stdout, stderr });
    });
  });

const namespaces = (): string[] =>
  execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(`ap-`));

describe('./scripts/demo --once --json', () => {
  let run: Run;
  let before: string[];
  beforeAll(async () => {
    before = namespaces();
    run = await demo('--once', '--json');
  }, TIMEOUT_MS);

  test('exits 0 and ends with one JSON object', () => {
    expect({ code: run.code, stderr: run.code === 0 ? '' : run.stderr }).toEqual({
      code: 0,
      stderr: '',
    });
    const lines = run.stdout.trim().split('\n');
    expect(lines).toHaveLength(1);
    expect(() => lastLine.parse(JSON.parse(lines[0] ?? ''))).not.toThrow();
  });

  test('tells of an agent that is ready and has answered', () => {
    const account = lastLine.parse(JSON.parse(run.stdout));
    expect(account.agent).toMatchObject({ name: 'allison', state: 'ready', key: 'shared' });
    expect(account.reply.length).toBeGreaterThan(40);
    expect(account.units).toContainEqual({
      unit: 'openclaw-gateway.service',
      state: expect.stringMatching(/^active/),
    });
    expect(account.files.map((file) => file.split('/').at(-1))).toEqual(
      expect.arrayContaining([
        'openclaw.json',
        'BOOTSTRAP.md',
        'HEARTBEAT.md',
        'AGENTS.md',
        'SKILL.md',
      ]),
    );
  });

  test('names the file of the welcome mail', () => {
    const { mail } = lastLine.parse(JSON.parse(run.stdout));
    expect(mail).toMatchObject({
      to: 'allison@nine30.com',
      subject: 'Your AI assistant is ready! 🤖',
    });
    expect(existsSync(mail.file)).toBe(true);
    expect(readFileSync(mail.file, 'utf8')).toContain('Subject:');
  });

  test('shows each stage with its time, without colour where there is no terminal', () => {
    expect(run.stderr).toMatch(/Boot the VM.*\d+\.\d s/);
    expect(run.stderr).not.toContain('\u001b[');
  });

  test('leaves no network namespace behind', () => {
    expect(namespaces().filter((name) => !before.includes(name))).toEqual([]);
  });
});

test('--help names the options and shows examples', async () => {
  const { code, stdout } = await demo('--help');
  expect(code).toBe(0);
  expect(stdout).toMatch(/--once[\s\S]*--json[\s\S]*Examples/);
});

test('an unknown option is refused before anything starts', async () => {
  const { code, stderr } = await demo('--twice');
  expect(code).toBe(1);
  expect(stderr).toContain('--twice');
});
