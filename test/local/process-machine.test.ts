import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Hypervisor, Machine, MachineSpec } from '../../local/machine.ts';
import { createProcessHypervisor } from '../../local/machines/process.ts';
import { type LittleMetadata, listenToConsole, littleMetadata } from './support/little-metadata.ts';

const UNITS = join(import.meta.dirname, 'support/process-machine');
const SPEC: MachineSpec = {
  name: 'agent-a',
  dataDisks: [{ name: 'agent-a-data', deviceName: 'agents-plane-data' }],
};

async function converse(path: string, line: string): Promise<string> {
  const socket = createConnection(path);
  socket.setEncoding('utf8').write(`${line}\n`);
  let answer = '';
  for await (const chunk of socket) answer += chunk;
  return answer;
}

const LONG = 'a-rather-long-name-'.repeat(4);

describe('a machine that is a process tree in a directory', () => {
  let directory: string;
  let hypervisor: Hypervisor;
  let metadata: LittleMetadata;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ap-test-'));
    const script = await readFile(join(UNITS, 'startup.sh'), 'utf8');
    metadata = littleMetadata(() => `export UNITS_FROM=${UNITS}\n${script}`);
    hypervisor = await createProcessHypervisor({
      // No OpenClaw runs here: the units are the test's own.
      openclaw: { directory, node: process.execPath, entry: join(directory, 'none') },
      runDir: join(directory, 'run'),
      // Long, as a home directory may be: a socket's path may have 107 bytes.
      disksDir: join(directory, LONG, 'disks'),
    });
    await symlink(join(directory, LONG, 'disks'), join(directory, 'disks'));
    hypervisor.onConnection(metadata.accept);
  });

  afterEach(async () => {
    await hypervisor.close();
    await metadata.close();
    expect(await readdir(join(directory, 'run'))).toEqual([]);
    await rm(directory, { recursive: true });
  });

  async function boot(): Promise<{ machine: Machine; root: string; console: string }> {
    const console = listenToConsole();
    const machine = await hypervisor.boot(SPEC, console.hear);
    await console.until('bootstrap is done');
    return { machine, root: join(directory, 'disks/boot/agent-a'), console: console.text() };
  }

  test('runs the startup script, and units with their Pre and Post, restarts and sockets', async () => {
    const { machine, root, console } = await boot();
    expect(metadata.seen).toContain('agent-a');
    expect(console).toContain('startup-script: active');
    expect(await readFile(join(root, 'run/agents-plane/post'), 'utf8')).toBe('hello big world\n');
    expect((await stat(join(root, 'run/steady'))).mode & 0o777).toBe(0o700);
    expect((await machine.exec(['systemctl', 'is-active', 'guard'])).stdout).toBe('active\n');

    const pidOf = async () =>
      Number(
        (await machine.exec(['systemctl', 'show', '-p', 'MainPID', '--value', 'steady'])).stdout,
      );
    const first = await pidOf();
    process.kill(first, 'SIGKILL');
    // The stand-in answers after the restart: `start` waits for it.
    while ((await pidOf()) === first || (await pidOf()) === 0);
    expect((await machine.exec(['systemctl', 'restart', 'steady'])).code).toBe(0);

    const door = join(root, 'run/agents-plane/door.sock');
    expect(await converse(door, 'me')).toBe(`0-0-${process.getuid?.()} says me\n`);
    expect((await stat(door)).mode & 0o777).toBe(0o600);
  });

  test('what a unit says to StandardOutput=null is on no console', async () => {
    const console = listenToConsole();
    const machine = await hypervisor.boot(SPEC, console.hear);
    await console.until('bootstrap is done');
    await machine.exec(['systemctl', 'start', 'quiet']);
    await console.until('for the console');
    expect(console.text()).not.toContain('for nobody');
  });

  test('a unit that must not be restarted stays failed; unknown units are refused', async () => {
    const { machine } = await boot();
    await machine.exec(['systemctl', 'start', 'broken']);
    let state = '';
    while (state !== 'failed\n')
      state = (await machine.exec(['systemctl', 'is-active', 'broken'])).stdout;
    expect((await machine.exec(['systemctl', 'is-failed', 'broken'])).code).toBe(0);
    expect((await machine.exec(['systemctl', 'start', 'nothing'])).code).toBe(5);
    expect((await machine.exec(['systemctl', 'is-enabled', 'steady'])).stdout).toBe('enabled\n');
  });

  test('stop ends every process; the disks outlive it as promised', async () => {
    const { machine, root } = await boot();
    const pid = (
      await machine.exec(['systemctl', 'show', '--property=MainPID', '--value', 'steady'])
    ).stdout;
    await machine.stop();
    expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH');
    expect(existsSync(join(root, 'etc/systemd/system/steady.service'))).toBe(true);
    await hypervisor.deleteBootDisk('agent-a');
    await boot();
    const boots = join(directory, 'disks/data/agent-a-data/boots');
    expect(await readFile(boots, 'utf8')).toBe('boot\nboot\n');
    await expect(hypervisor.boot(SPEC, () => {})).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
    });
  });
});
