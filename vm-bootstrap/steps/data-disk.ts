/**
 * The data disk under /var/lib/agents-plane. It survives a rebuild of the VM, so it is
 * formatted only when it carries no file system at all.
 */

import { PlaneError } from '../../contracts/plane-error.ts';
import type { Host } from '../host.ts';
import type { Machine, Step } from './step.ts';

async function must(host: Host, argv: readonly string[]): Promise<void> {
  const result = await host.exec(argv);
  if (result.code !== 0)
    throw new PlaneError('INTERNAL', `${argv[0]} failed: ${result.stderr.trim().slice(0, 200)}`);
}

const isMounted = async (host: Host, path: string): Promise<boolean> =>
  (await host.exec(['mountpoint', '-q', path])).code === 0;

async function format(host: Host, device: string): Promise<void> {
  // blkid: 0 and a type when there is a file system, 2 when there is nothing (blkid(8)).
  const probe = await host.exec(['blkid', '-o', 'value', '-s', 'TYPE', device]);
  if (probe.code === 2) await must(host, ['mkfs.ext4', '-q', '-m', '0', device]);
}

/** fstab, so that the disk is there before any unit at the next boot. */
function remember(host: Host, device: string, path: string): void {
  const table = host.read('/etc/fstab') ?? '';
  if (table.includes(device)) return;
  const line = `${device} ${path} ext4 defaults,nofail,noatime,nosuid,nodev 0 2\n`;
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
