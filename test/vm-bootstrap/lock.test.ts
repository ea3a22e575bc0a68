/** Who may work, of several processes that wait for one lock. */

import { withLock } from '../../vm-bootstrap/lock.ts';
import { startCloud } from './support/cloud.ts';
import { createMachine } from './support/machine.ts';

const DEAD = 4_194_304;

test('of two who see that its holder died, the second does not take the first one’s away', async () => {
  const cloud = await startCloud();
  const { host, layout, remove } = await createMachine(cloud);
  try {
    const lock = layout.lock;
    host.create(lock, String(DEAD));
    let seen = 0;
    // While the second looks whether the holder lives, the first breaks its lock and takes it.
    const second: typeof host = {
      ...host,
      isRunning(pid) {
        if (pid !== DEAD) return host.isRunning(pid);
        seen += 1;
        if (seen === 1) {
          host.remove(lock);
          host.create(lock, String(process.pid));
        }
        return false;
      },
    };
    const worked: string[] = [];
    const patience = { waitMs: 0, refusal: 'Others are at work.' };
    await expect(
      withLock(second, lock, async () => worked.push('second'), patience),
    ).rejects.toThrow('Others are at work.');
    expect([worked, seen, host.read(lock)]).toEqual([[], 1, String(process.pid)]);
  } finally {
    remove();
    await cloud.close();
  }
});

test('the lock of a process that died is broken, though whoever broke it before died over it', async () => {
  const cloud = await startCloud();
  const { host, layout, remove } = await createMachine(cloud);
  try {
    host.create(layout.lock, String(DEAD));
    host.create(`${layout.lock}.breaking`, String(DEAD));
    expect(await withLock(host, layout.lock, async () => 'done')).toBe('done');
    expect([host.exists(layout.lock), host.exists(`${layout.lock}.breaking`)]).toEqual([
      false,
      false,
    ]);
  } finally {
    remove();
    await cloud.close();
  }
});
