/**
 * What makes the emulated world look like the real one from inside a machine: host names
 * that lead to the gateway, and a certificate authority that vouches for them. Written to
 * the boot disk before every boot, so that nothing inside the guest has to be told.
 */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { METADATA_ADDRESS, SERVICES_ADDRESS } from './network.ts';

const CA_FILE = 'usr/local/share/ca-certificates/agents-plane-local.crt';
const CA_BUNDLE = 'etc/ssl/certs/ca-certificates.crt';
/** Node ships its own roots; this variable adds to them (https://nodejs.org/api/cli.html). */
export const GUEST_ENVIRONMENT = { NODE_EXTRA_CA_CERTS: `/${CA_FILE}` } as const;

export interface Guest {
  readonly name: string;
  readonly address: string;
  /** Host names that lead to the gateway. */
  readonly hosts: readonly string[];
  /** PEM of the authority that signs for them. */
  readonly caCertificate: string;
}

/** Path below the machine's root -> content, except the bundle, which is added to. */
function guestFiles(guest: Guest): Readonly<Record<string, string>> {
  const environment = Object.entries(GUEST_ENVIRONMENT).map(([key, value]) => `${key}=${value}`);
  return {
    'etc/hostname': `${guest.name}\n`,
    'etc/hosts': [
      '127.0.0.1 localhost',
      `${guest.address} ${guest.name}`,
      // The names that Google's clients and guest agent use for the metadata server.
      `${METADATA_ADDRESS} metadata.google.internal metadata`,
      ...guest.hosts.map((host) => `${SERVICES_ADDRESS} ${host}`),
      '',
    ].join('\n'),
    [CA_FILE]: guest.caCertificate,
    // systemd-system.conf(5): every unit gets it, as the trust store would be read by every
    // program on a machine whose Node used the system's.
    'etc/systemd/system.conf.d/50-agents-plane-local.conf': `[Manager]\nDefaultEnvironment=${environment.join(' ')}\n`,
  };
}

/**
 * Writes the guest's files below `root` (a mounted boot disk).
 * @param image the untouched image, whose certificate bundle is extended
 */
export async function prepareGuest(root: string, image: string, guest: Guest): Promise<void> {
  const bundle = await readFile(join(image, CA_BUNDLE), 'utf8');
  const files = { ...guestFiles(guest), [CA_BUNDLE]: `${bundle}${guest.caCertificate}` };
  for (const [path, content] of Object.entries(files)) {
    const file = join(root, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}
