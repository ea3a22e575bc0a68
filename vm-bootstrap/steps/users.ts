/**
 * The users: the gateway's, the broker's, the pairing service's and the bridge's. What the image does not
 * have is made here. Also the directories that are theirs.
 */

import { PlaneError } from '../../contracts/plane-error.ts';
import {
  BRIDGE_USER,
  BROKER_USER,
  GATEWAY_USER,
  type Layout,
  PAIRING_USER,
} from '../core/layout.ts';
import type { Host } from '../host.ts';
import type { Machine, Step } from './step.ts';

const homes = (layout: Layout): ReadonlyArray<readonly [string, string]> => [
  [GATEWAY_USER, layout.state],
  [BROKER_USER, '/nonexistent'],
  [PAIRING_USER, '/nonexistent'],
  [BRIDGE_USER, '/nonexistent'],
];

/** A home may hold some hundred thousand files. */
const CHOWN_MS = 15 * 60_000;

/** Ids can differ between two images, while the data disk keeps the files of the first. */
function ownsItsHome(host: Host, layout: Layout): boolean {
  const user = host.lookUpUser(GATEWAY_USER);
  return user !== undefined && host.stat(layout.state)?.uid === user.uid;
}

export const users: Step<Machine> = {
  name: 'users',
  check({ host, layout }) {
    if (!host.managed) return host.exists(layout.workspace);
    return (
      homes(layout).every(([name]) => host.lookUpUser(name) !== undefined) &&
      host.exists(layout.own) &&
      ownsItsHome(host, layout) &&
      host.as(GATEWAY_USER).exists(layout.workspace)
    );
  },
  async apply({ host, layout }) {
    if (host.managed) {
      for (const [name, home] of homes(layout)) {
        if (host.lookUpUser(name)) continue;
        const made = await host.exec([
          ...['useradd', '--system', '--user-group', '--no-create-home'],
          ...['--home-dir', home, '--shell', '/usr/sbin/nologin', name],
        ]);
        if (made.code !== 0) throw new PlaneError('INTERNAL', `User ${name} could not be made.`);
      }
    }
    host.makeDirectory(layout.own, { mode: 0o755 });
    if (host.managed && host.exists(layout.state) && !ownsItsHome(host, layout)) {
      // Links themselves, not what they point to. The top comes last: half done is not done.
      const given = await host.exec(
        ['chown', '-hR', `${GATEWAY_USER}:${GATEWAY_USER}`, layout.state],
        { timeoutMs: CHOWN_MS },
      );
      if (given.code !== 0)
        throw new PlaneError('INTERNAL', `${layout.state} could not be given to ${GATEWAY_USER}.`);
    }
    host.giveDirectory(layout.state, { mode: 0o700, owner: GATEWAY_USER });
    host.as(GATEWAY_USER).makeDirectory(layout.workspace, { mode: 0o700 });
  },
};
