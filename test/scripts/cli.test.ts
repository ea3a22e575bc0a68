import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { serveControl } from '../../local/plane/control.ts';
import { type Plane, startPlane } from '../../local/plane/plane.ts';
import { frontOf } from './support/front.ts';

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

interface Given {
  /** What comes on standard input, and its end; without it, it stays open. */
  readonly input?: string | undefined;
  readonly env?: Readonly<Record<string, string>>;
}

const run = (args: readonly string[], { input, env: more }: Given = {}): Promise<Outcome> =>
  new Promise((resolve) => {
    // CI makes some libraries print colour into pipes.
    const env = { PATH: process.env.PATH, AGENTS_PLANE_CACHE: cache, CI: 'true', ...more };
    const child = execFile(
      process.execPath,
      [join(ROOT, 'scripts/cli.ts'), ...args],
      { env },
      (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
    if (input !== undefined) child.stdin?.end(input);
  });

const cli = (...args: string[]): Promise<Outcome> => run(args);
const cliWith = (input: string, ...args: string[]): Promise<Outcome> => run(args, { input });

/** What a person sees who is asked something on a terminal (script(1)), and answers it. */
const atTerminal = (args: readonly string[], answer: string) =>
  new Promise<{ code: number | null; said: string }>((resolve) => {
    const command = [process.execPath, join(ROOT, 'scripts/cli.ts'), ...args].join(' ');
    const how = ['--quiet', '--return', '--flush', '--command', command, '/dev/null'];
    const env = { PATH: process.env.PATH, AGENTS_PLANE_CACHE: cache, TERM: 'dumb' };
    const child = spawn('script', how, { env });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      const asked = said.includes('its name: ');
      said += chunk;
      if (!asked && said.includes('its name: ')) child.stdin.write(answer);
    });
    child.on('close', (code) => resolve({ code, said }));
  });

const ALLISON = ['--user', 'allison@nine30.com', '--phone', '+15551234567'];

const CY = ['provision', '--user', 'cy@nine30.com', '--phone', '+15551230009', '--dry-run'];

describe('agents-plane', () => {
  test('--help shows examples', async () => {
    const { code, stdout } = await cli('--help');
    expect(code).toBe(0);
    expect(stdout).toContain('./scripts/agents-plane provision --user');
  });

  test('--version is that of package.json', async () => {
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    expect(await cli('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  test.each([
    [['help'], 'Usage: agents-plane [options] [command]'],
    [['help', 'list'], 'Usage: agents-plane list'],
    [['help', 'whatsapp', 'connect'], 'Usage: agents-plane whatsapp connect'],
    [['whatsapp', 'help', 'connect'], 'Usage: agents-plane whatsapp connect'],
  ])('%j prints that help', async (args, expected) => {
    expect(await cli(...args)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(expected),
    });
  });

  test.each([
    [['help', 'nonsense']],
    [['help', 'whatsapp', 'nonsense']],
    [['whatsapp', 'help', 'nonsense']],
  ])('%j says that there is no such command', async (args) => {
    const said = "error: unknown command 'nonsense'\n(see --help)\n";
    expect(await cli(...args)).toEqual({ code: 1, stdout: '', stderr: said });
  });

  test('provision --dry-run prints the plan and creates nothing', async () => {
    expect((await cli('provision', ...ALLISON, '--dry-run')).stderr).toMatch(
      /^\d+ step\(s\); without --dry-run they are taken\n$/,
    );
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
    expect((await cli('list')).stdout).toMatch(/^NAME +STATE.*\nallison +\w+ +linked, waiting /);
    expect((await cli('list', '-o', 'yaml')).stdout).toContain('name: allison');
    expect(JSON.parse((await cli('list', '--json')).stdout).agents).toHaveLength(1);
  });

  test('the verbs change the agent, say what comes next, and can be repeated', async () => {
    const updated = await cli('update', 'allison', '--budget', '75', '--json');
    expect(JSON.parse(updated.stdout)).toMatchObject({ budget: 75, configVersion: '2' });
    expect((await cli('stop', 'allison')).stderr).toContain('./scripts/agents-plane get allison');
    expect((await cli('stop', 'allison')).stderr).toContain('nothing to change');
    expect((await cli('list', '--state', 'stopped')).stdout).toContain('allison');
    expect((await cli('reconcile', '--dry-run')).stderr).toContain('nothing to do');
    expect((await cli('reconcile', 'allison')).code).toBe(0);
    const dry = await cli('deprovision', 'allison', '--purge', '--dry-run', '--json');
    expect(JSON.parse(dry.stdout).steps.at(-1)).toMatchObject({ id: 'config-removal' });
    const unsure = await cli('deprovision', 'allison', '--purge', '--json');
    expect(unsure).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('--yes') });
    expect((await cli('get', 'allison')).code).toBe(0);
    const purged = await cli('deprovision', 'allison', '--purge', '--yes', '--json');
    expect(JSON.parse(purged.stdout)).toMatchObject({ agent: 'allison', left: [] });
    expect((await cli('get', 'allison')).code).toBe(1);
    expect((await cli('provision', ...ALLISON)).code).toBe(0);
  });

  // `"$NAME"` of a variable that is not set, and what would leave /v1/agents.
  test.each(['', ' ', '.', '..', '../numbers', 'Allison'])(
    '"%s" is no agent, not all of them',
    async (name) => {
      for (const verb of [['reconcile'], ['reconcile', '--dry-run'], ['plan'], ['stop'], ['get']]) {
        const { code, stdout, stderr } = await cli(...verb, name);
        expect({ verb, code, stdout }).toEqual({ verb, code: 1, stdout: '' });
        expect(stderr).toMatch(/^INVALID_ARGUMENT: .*no agent's name/);
      }
    },
  );

  test('at a terminal a purge happens when the name is typed, and not otherwise', async () => {
    const made = ['--user', 'zoe@nine30.com', '--phone', '+15551234569'];
    expect((await cli('provision', ...made)).code).toBe(0);
    const purge = ['deprovision', 'zoe', '--purge'];
    for (const answer of ['yes\r', '\r', '\u0003', '\u0004']) {
      const refused = await atTerminal(purge, answer);
      expect({ answer, ...refused }).toMatchObject({ code: 1 });
      expect(refused.said).toContain('Nothing was changed');
    }
    expect((await cli('get', 'zoe')).code).toBe(0);
    const { code, said } = await atTerminal(purge, 'zoe\r');
    expect({ code, said }).toMatchObject({ code: 0 });
    expect(said).toContain('nothing of it is left');
    expect((await cli('get', 'zoe')).code).toBe(1);
  }, 120_000);

  test('import checks every line first, makes all of them, and told again makes nothing', async () => {
    const file = join(cache, 'people.csv');
    const head = 'user,phone,budget\n';
    await writeFile(file, `${head}ada@nine30.com,+15551234567,60\nbob@nine30.com,12,\ncy,,0\n`);
    const refused = await cli('import', file);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr.match(/line \d+: \w+/g)).toEqual([
      'line 3: userPhone',
      'line 4: user',
      'line 4: budget',
    ]);
    expect((await cli('get', 'ada')).code).toBe(1);

    await writeFile(file, `${head}ada@nine30.com,+15551230001,\nbob@nine30.com,+15551230001,\n`);
    const one = await cli('import', file, '--dry-run');
    expect([one.code, one.stdout]).toEqual([1, '']);
    expect(one.stderr).toMatch(/line 3: userPhone: is the number that the agent of line 2 /);

    await writeFile(file, `${head}ada@nine30.com,+15551230001,60\nbob@nine30.com,+15557654321,\n`);
    expect((await cli('import', file, '--dry-run')).stdout).toContain('would be created');
    const done = await cli('import', file);
    expect(done.code).toBe(0);
    expect(done.stderr).toContain('[##############################] 2/2');
    expect(done.stdout).toMatch(/line 2 +ada@nine30.com +created\nline 3 +bob@nine30.com +created/);
    const again = JSON.parse((await cli('import', file, '--json')).stdout).people;
    expect(again).toEqual([
      { at: 'line 2', user: 'ada@nine30.com', outcome: 'unchanged', agent: 'ada' },
      { at: 'line 3', user: 'bob@nine30.com', outcome: 'unchanged', agent: 'bob' },
    ]);
  });

  test('whether the phone may be asked is set, explained and taken away', async () => {
    const whatsappAfter = async (...options: string[]) =>
      JSON.parse((await cli('update', 'bob', ...options, '--json')).stdout).whatsapp;
    expect(await whatsappAfter('--ask-phone', '15')).toEqual({ mode: 'linked', askPhone: 15 });
    expect(await whatsappAfter('--no-ask-phone')).toEqual({ mode: 'linked' });
    const often = await cli('update', 'bob', '--ask-phone', 'often');
    expect([often.code, often.stdout]).toEqual([1, '']);
    expect(often.stderr).toContain('give whole minutes, 2 to 60');
    expect((await cli(...CY, '--ask-phone', '2')).code).toBe(0);
  });

  test('whatsapp: credentials come by standard input or file, and are never printed', async () => {
    const key = 'kapso-key-7c1d';
    const number = JSON.stringify({ phoneNumberId: '647015955153740', apiKey: key });
    const wrongMode = await cliWith(number, 'whatsapp', 'connect', 'bob');
    expect(wrongMode.stderr).toContain('./scripts/agents-plane update bob --mode');
    const linked = await cli('whatsapp', 'show', 'bob');
    expect(linked.stderr).toContain('agents-plane pair bob');
    expect(linked.stderr).not.toContain('whatsapp connect');
    const own = ['--whatsapp-number', '+15559876543', '--mode', 'kapso'];
    expect((await cli('update', 'bob', ...own)).code).toBe(0);
    const broken = await cliWith(`{"apiKey": "${key}`, 'whatsapp', 'connect', 'bob');
    expect([broken.code, broken.stdout]).toEqual([1, '']);
    const dry = await cliWith(number, 'whatsapp', 'connect', 'bob', '--dry-run', '-o', 'json');
    expect(JSON.parse(dry.stdout).steps[0]).toMatchObject({ id: 'number-secret' });
    const unconnected = await cli('whatsapp', 'show', 'bob');
    expect(unconnected.stdout).toContain('connected: false');
    expect(unconnected.stderr).toContain('agents-plane whatsapp connect bob');
    const done = await cliWith(number, 'whatsapp', 'connect', 'bob');
    expect([done.code, done.stdout]).toEqual([0, 'agent: bob\n']);
    expect(done.stderr).toContain('asks Kapso every 5 seconds');
    const file = join(cache, 'number.json');
    await writeFile(file, JSON.stringify({ ...JSON.parse(number), webhookSecret: 'hook-19' }));
    const hooked = await cli('whatsapp', 'connect', 'bob', '--credentials', file);
    expect(hooked.stderr).toMatch(/webhook: http.*\/whatsapp\/bob/);
    const shown = await cli('whatsapp', 'show', 'bob', '-o', 'json');
    expect(JSON.parse(shown.stdout)).toMatchObject({ connected: true, version: '2' });
    const gone = await cli('whatsapp', 'disconnect', 'bob', '--json');
    expect(JSON.parse(gone.stdout).removed).toContain('secret agent-bob-whatsapp');
    const said = [wrongMode, broken, dry, done, hooked, shown, gone];
    expect(JSON.stringify(said)).not.toMatch(/kapso-key|hook-19/);
  }, 120_000);

  test('import with one line that fails: the others are made, it says which and why, exit code 1', async () => {
    // Somebody's own secret, which carries no label of ours, has eve's name.
    const { accessToken } = plane.google.tokens.access('user:admin@nine30.com');
    const secrets = `${plane.google.restUrl}/v1/projects/nine30-local/secrets`;
    const made = await fetch(`${secrets}?secretId=agent-eve-config`, {
      method: 'POST',
      headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ replication: { automatic: {} } }),
    });
    expect(made.status).toBe(200);
    const file = join(cache, 'some.csv');
    await writeFile(file, 'user,phone\neve@nine30.com,+15551230002\nfay@nine30.com,+15551234568\n');
    const { code, stdout, stderr } = await cli('import', file, '-o', 'yaml');
    expect([code, stderr.includes('1 of 2 failed')]).toEqual([1, true]);
    expect(parse(stdout).people).toEqual([
      {
        ...{ at: 'line 2', user: 'eve@nine30.com', outcome: 'failed' },
        reason: expect.stringContaining('agent-eve-config'),
      },
      { at: 'line 3', user: 'fay@nine30.com', outcome: 'created' },
    ]);
  });

  test.each([
    ['pair', ['pair', 'allison'], ['url', 'expires']],
    ['open', ['open', 'allison'], ['url', 'expires']],
    ['open --console', ['open', 'allison', '--console'], ['url', 'command']],
    ['logs', ['logs', 'allison'], ['agent', 'text', 'next']],
    ['numbers list', ['numbers', 'list'], ['numbers']],
  ])('%s speaks YAML and JSON when it is asked to', async (_what, args, keys) => {
    const [yaml, json] = await Promise.all(
      ['yaml', 'json'].map(async (format) => (await cli(...args, '-o', format)).stdout),
    );
    expect(yaml).not.toMatch(/^[[{]/);
    expect(Object.keys(parse(yaml ?? ''))).toEqual(expect.arrayContaining(keys));
    expect(Object.keys(JSON.parse(json ?? ''))).toEqual(expect.arrayContaining(keys));
  });

  test('pair prints a pairing link and nothing else on standard output', async () => {
    const { code, stdout } = await cli('pair', 'allison');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^http:\/\/127\.0\.0\.1:\d+\/agents-plane-pages\/pair\/[\w-]+\.[\w-]+\n$/,
    );
    expect((await fetch(stdout.trim())).status).toBe(200);
    const replaced = JSON.parse((await cli('pair', 'allison', '--replace', '--json')).stdout);
    expect((await fetch(stdout.trim())).status).toBe(410);
    expect((await fetch(replaced.url)).status).toBe(200);
  });

  test('plan of one agent names the command that repairs that one', async () => {
    const { accessToken } = plane.google.tokens.access('user:admin@nine30.com');
    const key = `${plane.google.restUrl}/v1/projects/nine30-local/secrets/agent-allison-api-key`;
    const headers = { authorization: `Bearer ${accessToken}` };
    expect((await fetch(key, { method: 'DELETE', headers })).status).toBe(200);
    expect((await cli('plan', 'allison')).stderr).toBe(
      '2 step(s); take them with: ./scripts/agents-plane reconcile allison\n',
    );
    expect((await cli('plan')).stderr).toMatch(/: \.\/scripts\/agents-plane reconcile\n$/);
  });

  test('reconcile of all goes on after a page that took too long, and prints every agent', async () => {
    const front = await frontOf(plane.apiUrl, 2, 2);
    const AGENTS_PLANE_ID_TOKEN = await plane.idToken('admin@nine30.com');
    const { code, stdout, stderr } = await run(['reconcile', '--json'], {
      env: { AGENTS_PLANE_URL: front.url, AGENTS_PLANE_ID_TOKEN },
    });
    await front.close();
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'Google is still at it; going on.\n' });
    const names = JSON.parse(stdout).agents.map(({ agent }: { agent: string }) => agent);
    expect(names).toEqual(['ada', 'allison', 'bob', 'fay']);
    expect(front.asked[2]).toBe(front.asked[1]);
  });

  test('-o json is --json; YAML is what a person gets', async () => {
    const json = await cli('get', 'allison', '-o', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject({ name: 'allison' });
    expect((await cli('get', 'allison', '-o', 'yaml')).stdout).toContain('name: allison');
    expect((await cli('plan', 'allison')).stdout).toContain('agent: allison');
  });

  test('audit tells who did what, newest first, without a whole phone number', async () => {
    const { stdout, code } = await cli('audit', '--agent', 'allison', '--json');
    expect(code).toBe(0);
    const lines: ReadonlyArray<Record<string, unknown>> = JSON.parse(stdout).lines;
    const who = 'admin@nine30.com';
    expect(lines).toContainEqual(
      expect.objectContaining({ who, what: 'purgeAgent', agent: 'allison', outcome: 'OK' }),
    );
    expect(lines).toContainEqual(
      expect.objectContaining({ after: { budget: 75 }, before: { budget: 50 } }),
    );
    const times = lines.map(({ at }) => String(at));
    expect(times).toEqual(times.toSorted().reverse());
    expect(stdout).not.toContain('5551234567');
    const table = await cli('audit', '--limit', '3');
    expect(table.stdout).toMatch(/^AT +WHO +WHAT +AGENT +OUTCOME +CHANGE\n/);
    expect(table.stdout.trim().split('\n')).toHaveLength(4);
    expect((await cli('audit', '--since', 'yesterday')).stderr).toContain('RFC 3339');
  });

  test('logs prints the serial port, and nothing that a terminal obeys', async () => {
    const vm = plane.google.compute.instances.byName('agent-allison');
    vm?.console.append('\u001b[32m[  OK  ]\u001b[0m Started openclaw-gateway.service\u0007\n');
    const { stdout, code } = await cli('logs', 'allison');
    expect([code, stdout]).toEqual([0, '[  OK  ] Started openclaw-gateway.service\n']);
    expect(JSON.parse((await cli('logs', 'allison', '--json')).stdout).next).toMatch(/^\d+$/);
    expect((await cli('logs', 'nobody')).code).toBe(1);
  });

  test('open prints the pairing page; --console what tunnels to the VM', async () => {
    const { stdout } = await cli('open', 'allison');
    expect((await fetch(stdout.trim())).status).toBe(200);
    const told = JSON.parse((await cli('open', 'allison', '--console', '--json')).stdout);
    expect(told.command.join(' ')).toContain(
      'gcloud compute ssh agent-allison --project=nine30-local --zone=europe-west1-b --tunnel-through-iap',
    );
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

  test('a person plays a phone: writes, reads, and is told what is no code', async () => {
    const sent = await cli('local', 'phone', 'send', '+15551234567', '+15559876543', 'hi', 'there');
    expect(sent).toMatchObject({ code: 0, stdout: '' });
    const { stdout } = await cli('local', 'phone', 'messages', '+15559876543');
    expect(stdout).toContain('+15551234567 (+15551234567)  hi there');
    const scan = await cli('local', 'phone', 'scan', '+15559876543', 'hello');
    expect(scan.code).toBe(1);
    expect(scan.stderr).toContain('not a WhatsApp code');
  });

  test('phone chat from a pipe waits for the answers to what it sent', async () => {
    const [asker, other] = ['+15550001111', '+15550002222'];
    const friend = plane.whatsapp.phone(other);
    const chat = cliWith('one\ntwo\n', 'local', 'phone', 'chat', asker, other);
    while (friend.messages.length < 2) await new Promise((resolve) => setTimeout(resolve, 50));
    // As a model does: after the pipe's end was seen.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    for (const { text } of [...friend.messages]) await friend.send(asker, `answer to ${text}`);
    const { code, stdout, stderr } = await chat;
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/answer to one[\s\S]*answer to two/);
  });

  test('phone chat says what could not be sent; without a plane it ends, though nobody closed its input', async () => {
    const chat = ['local', 'phone', 'chat', '+15559876543'];
    const refused = await cliWith('hello\n', ...chat, 'nobody');
    const why = 'INVALID_ARGUMENT: A phone number is written like +15551234567\n';
    expect(refused).toMatchObject({ code: 0, stderr: why });
    const alone = await run(chat, { env: { AGENTS_PLANE_CACHE: join(cache, 'nowhere') } });
    expect(alone).toMatchObject({ code: 1, stderr: expect.stringContaining('./scripts/demo') });
  });

  test.each([
    ['an unknown command', ['destroy']],
    ['a missing option', ['provision', '--user', 'a@nine30.com']],
    ['an unknown mode', ['provision', ...ALLISON, '--mode', 'fax']],
    ['a budget that is no number', ['update', 'allison', '--budget', 'much']],
    ['an agent that does not exist', ['restart', 'nobody']],
    ['a bad port', ['local', 'start', '--port', '99999']],
  ])('%s is a clear error', async (_what, args) => {
    const { code, stderr } = await cli(...args);
    expect(code).toBe(1);
    expect(stderr.length).toBeGreaterThan(10);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test.each([
    ['the plane refuses', ['provision', '--user', 'a@nine30.com', '--phone', '1'], 'userPhone'],
    ['no plane is asked', ['get', '..'], ''],
    ['an option is missing', ['provision'], ''],
    ['an option is unknown', ['list', '--sate', 'failed'], ''],
  ])('whoever asks for JSON gets it for an error, too: %s', async (_what, args, field) => {
    for (const asked of [['--json'], ['-o', 'json']]) {
      const { code, stdout, stderr } = await cli(...args, ...asked);
      expect([code, stdout]).toEqual([1, '']);
      const { error } = JSON.parse(stderr);
      expect(error).toEqual({
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching(/^.{10}/),
        details: field ? [expect.objectContaining({ field })] : [],
      });
    }
  });

  test.each([
    [
      'a mail address for a name',
      ['get', 'bob@nine30.com'],
      'is an email address, not an agent',
      ' list',
    ],
    ['a name with a space', ['get', 'a b'], '"a b" is no agent', ' list'],
    ['nobody', ['restart', 'nobody'], 'agents-plane list shows them', ''],
    [
      'a word of no sync',
      ['sync', '--confirm', 'foo'],
      '--confirm: has a value',
      '`confirm` of the',
    ],
    ['a day in words', ['audit', '--since', 'yesterday'], '--since: has a', '2026-11-20T00:00:00Z'],
    ['a number in words', ['numbers', 'add', 'foo'], 'number 1: not a phone', '+15559876543'],
    ['a change of nothing', ['update', 'bob'], 'Nothing is given', 'update --help'],
    ['too large a budget', ['update', 'bob', '--budget', '99999'], 'above 10000', '1 to 500'],
    ['a little less', ['update', 'bob', '--budget', '9999'], "organisation's limit", '1 to 500'],
    ['words for a budget', [...CY, '--budget', 'abc'], 'not a number', '1 to 500'],
  ])(
    '%s: what is wrong and what to do, in the words of the command line',
    async (_what, args, problem, fix) => {
      const { code, stderr } = await cli(...args);
      expect(code).toBe(1);
      expect(stderr).toContain(problem);
      expect(stderr).toContain(fix);
      expect(stderr).not.toMatch(/\/v1\/|query\.|openapi|expected/i);
    },
  );

  test('without a plane it says how to start one', async () => {
    const env = { AGENTS_PLANE_CACHE: join(cache, 'nowhere') };
    const { stderr } = await run(['list'], { env });
    expect(stderr).toContain('./scripts/demo');
    expect(stderr).toContain('AGENTS_PLANE_URL');
  });

  test.each([
    ['is not installed', undefined, 'gcloud is not installed'],
    ['is not signed in', 'exit 1', 'gcloud auth login'],
  ])('gcloud that %s is said to be that', async (_what, script, expected) => {
    const bin = await mkdtemp(join(cache, 'bin-'));
    if (script) await writeFile(join(bin, 'gcloud'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const env = { AGENTS_PLANE_URL: plane.apiUrl, PATH: bin };
    const { code, stderr } = await run(['list'], { env });
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(expected) });
    expect(stderr).toContain('AGENTS_PLANE_ID_TOKEN');
  });

  test('--help says where the plane is told, and how one signs in', async () => {
    const { stdout } = await cli('--help');
    for (const word of ['AGENTS_PLANE_URL', 'gcloud auth login', 'AGENTS_PLANE_ID_TOKEN']) {
      expect(stdout).toContain(word);
    }
  });
});
