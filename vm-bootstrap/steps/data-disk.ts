/**
 * The data disk under /var/lib/agents-plane. It survives a rebuild of the VM, so it is
 * formatted only when it is blank.
 */

import { PlaneError } from '../../contracts/plane-error.ts';
import type { Host } from '../host.ts';
import type { Machine, Step } from './step.ts';

const FILE_SYSTEM = 'ext4';

async function must(host: Host, argv: readonly string[]): Promise<void> {
  const result = await host.exec(argv);
  if (result.code !== 0)
    throw new PlaneError('INTERNAL', `${argv[0]} failed: ${result.stderr.trim().slice(0, 200)}`);
}

const isMounted = async (host: Host, path: string): Promise<boolean> =>
  (await host.exec(['mountpoint', '-q', path])).code === 0;

/** A file system, a partition table or a volume's label lies in here; blkid looks at the end, too. */
const BLANK_BYTES = 16 * 2 ** 20;

/**
 * @returns its file system's type; undefined when the disk is blank.
 * @throws PlaneError FAILED_PRECONDITION when there is something on it that is no file system.
 */
async function fileSystemOf(host: Host, device: string): Promise<string | undefined> {
  // blkid(8): 0 when it knows something, 2 when it does not, which alone is not blank.
  const probe = await host.exec(['blkid', '-p', '-o', 'value', '-s', 'TYPE', device]);
  const type = probe.stdout.trim();
  if (probe.code === 0 && type !== '') return type;
  if (probe.code === 2) {
    const zeros = ['cmp', '--silent', `--bytes=${BLANK_BYTES}`, device, '/dev/zero'];
    if ((await host.exec(zeros)).code === 0) return undefined;
  }
  throw new PlaneError(
    'FAILED_PRECONDITION',
    'The data disk agents-plane-data holds something that is no file system. It is left as it ' +
      'is: attach a blank disk, or one that an agent had before.',
  );
}

async function format(host: Host, device: string): Promise<void> {
  const type = await fileSystemOf(host, device);
  if (type === undefined) return must(host, ['mkfs.ext4', '-q', '-m', '0', device]);
  if (type !== FILE_SYSTEM)
    throw new PlaneError(
      'FAILED_PRECONDITION',
      `The data disk agents-plane-data holds ${type}, not ${FILE_SYSTEM}. It is left as it is.`,
    );
}

/** fstab, so that the disk is there before any unit at the next boot. */
function remember(host: Host, device: string, path: string): void {
  const table = host.read('/etc/fstab') ?? '';
  if (table.includes(device)) return;
  const line = `${device} ${path} ${FILE_SYSTEM} defaults,nofail,noatime,nosuid,nodev 0 2\n`;
  host.write('/etc/fstab', `${table.replace(/\n?$/, '\n')}${line}`, { mode: 0o644 });
}

export const dataDisk: Step<Machine> = {
  name: 'data disk',
  check: ({ host, layout }) => !host.managed || isMounted(host, layout.data),
  async apply({ host, layout }) {
    const { dataDevice, data } = layout;
    if (!host.exists(dataDevice)) {
      throw new PlaneError(
        'FAILED_PRECONDITION',
        'The data disk agents-plane-data is not attached.',
      );
    }
    await format(host, dataDevice);
    host.makeDirectory(data, { mode: 0o755 });
    remember(host, dataDevice, data);
    await must(host, ['mount', data]);
  },
};
