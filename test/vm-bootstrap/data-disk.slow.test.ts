/** The data disk for real: a loop device, mkfs, mount, in a mount namespace of its own. */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Seen } from './support/data-disk/apply.ts';

const SUPPORT = join(import.meta.dirname, 'support/data-disk');
const BYTES = 32 * 2 ** 20;

const run = (...argv: readonly string[]) =>
  spawnSync(argv[0] ?? '', argv.slice(1), { encoding: 'utf8' });

/** What is missing here, decided by trying it. */
function missing(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  if (run('unshare', '--mount', 'true').status !== 0) return 'no mount namespaces here';
  if (run('losetup', '--find').status !== 0) return 'no loop devices here';
  return run('mkfs.ext4', '-V').status === 0 ? undefined : 'no mkfs.ext4 here';
}
const lack = missing();

(lack === undefined ? describe : describe.skip)(
  lack === undefined ? 'data disk' : `data disk (skipped: ${lack})`,
  () => {
    let folder: string;
    let image: string;
    let device: string;
    let loop: string;

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'agent-disk-'));
      image = join(folder, 'disk');
      writeFileSync(image, '');
      truncateSync(image, BYTES);
      loop = run('losetup', '--find', '--show', image).stdout.trim();
      // As udev names it: by a link.
      device = join(folder, 'google-agents-plane-data');
      symlinkSync(loop, device);
      mkdirSync(join(folder, 'etc'));
      writeFileSync(join(folder, 'etc/fstab'), '# static file system information\n');
    });
    afterEach(() => {
      run('losetup', '--detach', loop);
      rmSync(folder, { recursive: true, force: true });
    });

    /** Boots once; everything mounted is gone with the namespace. */
    function boot(note: string): Seen {
      const ended = run(
        ...[join(SUPPORT, 'boot.sh'), join(folder, 'etc'), process.execPath],
        ...[join(SUPPORT, 'apply.ts'), device, join(folder, 'data'), note],
      );
      expect(ended).toMatchObject({ status: 0, stderr: '' });
      return JSON.parse(ended.stdout) as Seen;
    }
    const put = (offset: number, bytes: Uint8Array): void => {
      const file = openSync(loop, 'r+');
      writeSync(file, bytes, 0, bytes.length, offset);
      closeSync(file);
    };
    const digest = (): string => createHash('sha256').update(readFileSync(loop)).digest('hex');

    test('a blank disk is formatted once; the next boot finds what was left', () => {
      const first = boot('first boot');
      expect(first.applied).toEqual([['data disk'], []]);
      expect(first.mounted).toMatch(/ ext4 rw,nosuid,nodev,noatime/);
      expect(first.notes).toBe('first boot\n');
      const second = boot('second boot');
      expect(second.applied).toEqual([['data disk'], []]);
      expect(second.notes).toBe('first boot\nsecond boot\n');
      expect(second.table).toEqual([
        `${device} ${join(folder, 'data')} ext4 defaults,nofail,noatime,nosuid,nodev 0 2`,
      ]);
      expect(readFileSync(join(folder, 'etc/fstab'), 'utf8')).toMatch(/^# static/);
    });

    test('the disk of an agent whose VM was built anew keeps everything', () => {
      boot('before');
      writeFileSync(join(folder, 'etc/fstab'), '');
      expect(boot('after').notes).toBe('before\nafter\n');
    });

    /** A partition table (MBR) with one Linux partition. */
    const partitions = (): void => {
      put(446, Uint8Array.of(0, 0, 2, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 0x80, 0, 0));
      put(510, Uint8Array.of(0x55, 0xaa));
    };
    test.each([
      ['a partition table', partitions, /no file system/],
      ['swap', () => run('mkswap', '--quiet', loop), /holds swap/],
      [
        'bytes that nobody knows',
        () => put(3_000_000, Buffer.from('dear diary')),
        /no file system/,
      ],
      ['another file system', () => put(0x438, Uint8Array.of(0x53, 0xef)), /holds ext2, not ext4/],
    ])('%s: never formatted, never mounted, and said', (_, plant, reason) => {
      plant();
      const before = digest();
      const seen = boot('never');
      expect(seen.refusal).toMatch(reason);
      expect(seen).toMatchObject({ applied: [], table: [], mounted: '', notes: '' });
      expect(digest()).toBe(before);
    });

    test('no disk: said, and nothing made', () => {
      rmSync(device);
      expect(boot('never').refusal).toMatch(/is not attached/);
      expect(existsSync(join(folder, 'data'))).toBe(false);
    });
  },
);
