/**
 * A directory that stands in for the `/` of a machine: bootstrap puts it before every absolute
 * path. What the image would hold is linked from the host and from the OpenClaw installation.
 */

import { mkdir, readdir, realpath, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Openclaw } from './image.ts';

const SYSTEMCTL = fileURLToPath(new URL('./systemctl.ts', import.meta.url));
/** Commands that need rights a plain process lacks; here they do nothing and succeed. */
const WITHOUT_EFFECT = ['groupadd', 'mkfs.ext4', 'mount', 'nft', 'umount', 'useradd'];

async function link(target: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await rm(path, { recursive: true, force: true });
  await symlink(target, path);
}

async function linkHostCommands(root: string): Promise<void> {
  const taken = new Set(['systemctl', ...WITHOUT_EFFECT]);
  for (const name of await readdir('/usr/bin')) {
    if (!taken.has(name)) await link(join('/usr/bin', name), join(root, 'usr/bin', name));
  }
  await link(SYSTEMCTL, join(root, 'usr/bin/systemctl'));
  for (const name of WITHOUT_EFFECT) {
    await link('/bin/true', join(root, 'usr/sbin', name));
    await link('/bin/true', join(root, 'usr/bin', name));
  }
}

/**
 * Furnishes `root`, safe to repeat: as at a boot, /run and /tmp are empty afterwards and the
 * rest stays.
 * @param dataDisk directory that becomes `/var/lib/agents-plane`; left out without a data disk
 */
export async function furnishRoot(
  root: string,
  openclaw: Openclaw,
  dataDisk: string | undefined,
): Promise<void> {
  for (const volatile of ['run', 'tmp']) {
    await rm(join(root, volatile), { recursive: true, force: true });
  }
  const directories = [
    'etc/systemd/system',
    'run/agents-plane',
    'tmp',
    'root',
    'var/lib',
    'var/cache',
  ];
  for (const directory of directories) await mkdir(join(root, directory), { recursive: true });
  const node = await realpath(openclaw.node);
  await link(node, join(root, 'opt/agents-plane/node/bin/node'));
  await link(node, join(root, 'usr/local/bin/node'));
  await link(join(openclaw.directory, 'node_modules'), join(root, 'opt/openclaw/node_modules'));
  await link(openclaw.entry, join(root, 'usr/local/bin/openclaw'));
  await link('/etc/ssl', join(root, 'etc/ssl'));
  await linkHostCommands(root);
  if (dataDisk !== undefined) {
    await mkdir(dataDisk, { recursive: true });
    await link(dataDisk, join(root, 'var/lib/agents-plane'));
  }
}

/** Environment of everything that runs in the machine. */
export function rootEnvironment(root: string, metadataPort: number): Record<string, string> {
  const own = ['usr/local/bin', 'usr/sbin', 'usr/bin'].map((directory) => join(root, directory));
  return {
    AGENTS_PLANE_ROOT: root,
    GCE_METADATA_HOST: `127.0.0.1:${metadataPort}`,
    PATH: [...own, '/usr/bin', '/bin'].join(':'),
    HOME: join(root, 'root'),
    TMPDIR: join(root, 'tmp'),
    LANG: 'C.UTF-8',
  };
}
