import { spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Hypervisor, Machine } from '../../local/machine.ts';
import { chooseHypervisor } from '../../local/machines/choose.ts';
import { ensureImage } from '../../local/machines/image.ts';
import { remains } from '../../local/machines/leftovers.ts';
import { createNspawnHypervisor } from '../../local/machines/nspawn.ts';
import { run } from '../../local/machines/run.ts';
import { type LittleMetadata, listenToConsole, littleMetadata } from './support/little-metadata.ts';

const CACHE = process.env.AGENTS_PLANE_CACHE ?? join(homedir(), '.cache/agents-plane');
const RUN_DIR = join(CACHE, 'run-of-tests');
const CRASHER = join(import.meta.dirname, 'support/hypervisor-to-kill.ts');
const NOTHING = {
  groups: [],
  mounts: [],
  namespaces: [],
  machines: [],
  directories: [],
  doors: [],
};
const EMULATED = 'secretmanager.googleapis.com';
const DATA = [{ name: 'data-a', deviceName: 'agents-plane-data' }];
const MINUTES = 60_000;

const choice = await chooseHypervisor(RUN_DIR, process.getuid?.() ?? -1);
const real = choice.kind === 'nspawn';
const title = real
  ? 'machines of systemd-nspawn'
  : `machines of systemd-nspawn (skipped: ${choice.reason})`;

(real ? describe : describe.skip)(title, () => {
  let image: string;
  let hypervisor: Hypervisor;
  let metadata: LittleMetadata;

  beforeAll(async () => {
    image = await ensureImage({ cacheDir: CACHE, env: process.env });
  }, 10 * MINUTES);

  beforeEach(async () => {
    metadata = littleMetadata((machine) => `#!/bin/sh\necho "startup of ${machine} is done"\n`);
    hypervisor = await createNspawnHypervisor({
      image,
      runDir: RUN_DIR,
      hosts: [EMULATED],
      caCertificate: 'the throwaway authority\n',
    });
    hypervisor.onConnection(metadata.accept);
  });

  afterEach(async () => {
    await hypervisor.close();
    await metadata.close();
    const isOurs = (id: string) => id.startsWith(`ap-${process.pid}-`);
    expect(await remains(RUN_DIR, isOurs)).toEqual(NOTHING);
  }, MINUTES);

  async function boot(name: string, dataDisks = DATA): Promise<Machine> {
    const console = listenToConsole();
    const machine = await hypervisor.boot({ name, dataDisks }, console.hear);
    await console.until(`startup of ${name} is done`);
    return machine;
  }

  /** Standard output of a command that must succeed. */
  async function output(machine: Machine, ...argv: string[]): Promise<string> {
    const result = await machine.exec(argv);
    expect(result).toMatchObject({ code: 0 });
    return result.stdout.trim();
  }

  test(
    'boots Debian with systemd, runs the startup script, no unit fails',
    async () => {
      const machine = await boot('agent-a');
      expect(await output(machine, 'cat', '/proc/1/comm')).toBe('systemd');
      expect(await output(machine, 'hostname')).toBe('agent-a');
      expect(await output(machine, 'systemctl', 'is-active', 'google-guest-agent')).toBe('active');
      expect(await output(machine, 'systemctl', '--failed', '--no-legend')).toBe('');
      expect(await output(machine, 'node', '--version')).toBe('v24.21.0');
      expect(await output(machine, 'id', '-un', 'openclaw')).toBe('openclaw');
      expect(await output(machine, 'tail', '-1', '/etc/ssl/certs/ca-certificates.crt')).toBe(
        'the throwaway authority',
      );
      expect(metadata.seen).toContain('agent-a');
    },
    MINUTES,
  );

  test(
    'exec: standard input, users, exit codes, time limit',
    async () => {
      const machine = await boot('agent-a');
      expect((await machine.exec(['cat'], { stdin: 'a\nb' })).stdout).toBe('a\nb');
      expect((await machine.exec(['id', '-un'], { user: 'openclaw' })).stdout).toBe('openclaw\n');
      expect((await machine.exec(['sh', '-c', 'exit 7'])).code).toBe(7);
      expect((await machine.exec(['sleep', '100'], { timeoutMs: 100 })).code).toBe(124);
    },
    MINUTES,
  );

  test(
    'a boot disk survives stop, a data disk survives the deletion of the boot disk',
    async () => {
      const first = await boot('agent-a');
      await output(
        first,
        'sh',
        '-c',
        'echo kept > /root/boot; echo kept > /var/lib/agents-plane/data',
      );
      await output(first, 'chown', 'openclaw:openclaw', '/var/lib/agents-plane/data');
      await output(first, 'mountpoint', '/var/lib/agents-plane');
      await first.stop();
      await expect(first.exec(['true'])).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });

      const again = await boot('agent-a');
      expect(await output(again, 'cat', '/root/boot')).toBe('kept');
      await expect(hypervisor.deleteBootDisk('agent-a')).rejects.toMatchObject({
        code: 'FAILED_PRECONDITION',
      });
      await again.stop();

      await hypervisor.deleteBootDisk('agent-a');
      const rebuilt = await boot('agent-a');
      expect((await rebuilt.exec(['cat', '/root/boot'])).code).not.toBe(0);
      expect(await output(rebuilt, 'stat', '-c', '%U', '/var/lib/agents-plane/data')).toBe(
        'openclaw',
      );
    },
    2 * MINUTES,
  );

  test(
    'a data disk that is made again while the old one is still being deleted is a new one, and stays',
    async () => {
      const first = await boot('agent-a');
      // As many files as it takes for their deletion to be under way at the next boot.
      const many = 'cd /var/lib/agents-plane && seq 100000 | xargs touch';
      await output(first, 'sh', '-c', many);
      await first.stop();
      await hypervisor.deleteBootDisk('agent-a');

      let deleted = false;
      const deletion = hypervisor.deleteDataDisk('data-a').then(() => {
        deleted = true;
      });
      const again = await hypervisor.boot({ name: 'agent-a', dataDisks: DATA }, () => {});
      expect(deleted).toBe(false);
      const writing = 'cd /var/lib/agents-plane && ls | wc -l && echo new > kept';
      expect(await output(again, 'sh', '-c', writing)).toBe('0');
      await deletion;
      expect(await output(again, 'cat', '/var/lib/agents-plane/kept')).toBe('new');
    },
    MINUTES,
  );

  test(
    'powering off from inside ends the machine',
    async () => {
      const machine = await boot('agent-a');
      await machine.exec(['systemctl', 'poweroff']);
      await machine.exited;
      await boot('agent-a');
    },
    MINUTES,
  );

  test(
    'a connection names its machine, even when the guest forges its address',
    async () => {
      const [a, b] = await Promise.all([boot('agent-a'), boot('agent-b', [])]);
      const ask = ['curl', '--silent', '--http0.9', `http://${EMULATED}:443/`];
      expect((await a.exec(ask)).stdout).toBe('agent-a');
      expect((await b.exec(ask)).stdout).toBe('agent-b');

      const stolen = (await output(a, 'ip', '-4', '-br', 'addr', 'show', 'eth0')).match(
        /10[\d.]+/,
      )?.[0];
      await output(b, 'ip', 'addr', 'add', `${stolen}/32`, 'dev', 'eth0');
      const before = metadata.seen.length;
      const forged = [
        'curl',
        '-s',
        '-m',
        '2',
        '--interface',
        stolen ?? '',
        'http://169.254.169.254/',
      ];
      expect((await b.exec(forged)).code).not.toBe(0);
      expect(metadata.seen.slice(before)).not.toContain('agent-a');
    },
    MINUTES,
  );

  test(
    'machines reach neither each other nor the world',
    async () => {
      const [a, b] = await Promise.all([boot('agent-a'), boot('agent-b', [])]);
      const address = (await output(b, 'ip', '-4', '-br', 'addr', 'show', 'eth0')).match(
        /10[\d.]+/,
      )?.[0];
      const serve = ['--listen', '9', '--accept', '--inetd', 'cat', '/etc/hostname'];
      await output(b, 'systemd-run', '--quiet', 'systemd-socket-activate', ...serve);
      // It does listen: its own machine reaches it.
      const ask = ['curl', '--silent', '--max-time', '3', '--http0.9'];
      let answer = '';
      while (answer === '') answer = (await b.exec([...ask, `http://${address}:9/`])).stdout;
      expect(answer).toBe('agent-b\n');
      for (const url of [`http://${address}:9/`, 'http://1.1.1.1/', 'http://10.128.0.1:22/']) {
        expect(await a.exec([...ask, url])).toMatchObject({ code: 7, stdout: '' });
      }
    },
    MINUTES,
  );

  test(
    'root of the guest closes the metadata server to one user',
    async () => {
      const machine = await boot('agent-a');
      const uid = await output(machine, 'id', '-u', 'openclaw');
      const rule = [
        'ip',
        'rule',
        'add',
        'to',
        '169.254.169.254',
        'uidrange',
        `${uid}-${uid}`,
        'prohibit',
      ];
      const ask = ['curl', '--silent', '--max-time', '2', 'http://169.254.169.254/'];
      expect((await machine.exec(ask, { user: 'openclaw' })).code).toBe(0);
      await output(machine, ...rule);
      expect((await machine.exec(ask, { user: 'openclaw' })).code).toBe(7);
      expect((await machine.exec(ask, { user: 'agents-plane' })).code).toBe(0);
      await output(machine, 'nft', 'add', 'table', 'inet', 'guard');
      expect(await output(machine, 'nft', 'list', 'tables')).toBe('table inet guard');
    },
    MINUTES,
  );

  test(
    'what a killed hypervisor left is cleared by the next one; a living one is left alone',
    async () => {
      const mine = await boot('agent-a');
      const child = spawn(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', CRASHER, image, RUN_DIR],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const booted = await new Promise<string>((resolve) =>
        child.stdout.once('data', (text) => resolve(String(text))),
      );
      expect(booted).toBe('booted agent-a\n');
      const died = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await died;
      const isTheirs = (id: string) => id.startsWith(`ap-${child.pid}-`);
      expect((await remains(RUN_DIR, isTheirs)).namespaces).toHaveLength(2);

      const next = await createNspawnHypervisor({
        image,
        runDir: RUN_DIR,
        hosts: [],
        caCertificate: '',
      });
      expect(await remains(RUN_DIR, isTheirs)).toEqual(NOTHING);
      expect((await run(['pgrep', '--full', `ap-${child.pid}-`])).stdout).toBe('');
      await next.close();
      expect(await output(mine, 'systemctl', 'is-system-running')).toBe('running');
    },
    MINUTES,
  );
});
