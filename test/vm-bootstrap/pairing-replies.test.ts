/** When the plane is asked whether the owner replied "connect": it tells of each reply once. */

import { PAIRING_ATTEMPTS_MAX } from '../../contracts/pairing.ts';
import { VM_API_PATHS } from '../../contracts/vm-api.ts';
import { FRESH_MEMORY, type PairingMachine } from '../../vm-bootstrap/core/pairing.ts';
import { watchReplies } from '../../vm-bootstrap/pairing/sources.ts';
import { type Cloud, startConfiguredCloud } from './support/cloud.ts';
import { newRoot, toldMachine } from './support/machine.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await startConfiguredCloud();
});
afterAll(() => cloud.close());

const NOW = Date.UTC(2026, 10, 20, 9);
const IDLE: PairingMachine = { ...FRESH_MEMORY, link: 'unlinked', ended: false, resumed: false };
const SHOWN = { startedAt: NOW, mail: false, shown: true };
const PAUSE = { failures: PAIRING_ATTEMPTS_MAX, notBefore: NOW + 1 };

test.each<[string, Partial<PairingMachine>, number]>([
  ['nothing is under way', {}, 1],
  ['the phone has logged it out', { link: 'logged-out' }, 1],
  ['a pause is over', { ...PAUSE, notBefore: NOW }, 1],
  ['an attempt has failed, and the next is due in seconds', { failures: 1, notBefore: NOW + 5 }, 1],
  ['it is linked', { link: 'linked' }, 0],
  ['nobody knows yet', { link: 'unknown' }, 0],
  ['a pause: a code would come to nobody', PAUSE, 0],
  ['an attempt is under way, which may end in a pause', { attempt: SHOWN }, 0],
])('%s', async (_title, change, times) => {
  const { host, layout, facts, remove } = await toldMachine(cloud, newRoot());
  const before = cloud.asked.length;
  let rounds = 0;
  const once: typeof host = {
    ...host,
    now: () => new Date(NOW),
    sleep: async () => {
      rounds += 1;
      if (rounds > 1) throw new Error('enough');
    },
  };
  const phone = '+15551234567';
  const numbers = { ownerPhone: phone, linkedPhone: phone };
  const settings = { agent: 'allison', mode: 'linked' as const, port: 1, ...numbers };
  const gateway = () => Promise.reject(new Error('nobody asks the gateway'));
  const listener = { put: () => {}, machine: () => ({ ...IDLE, ...change }) };
  const watching = watchReplies({ host: once, layout, facts, settings, gateway }, listener);
  await expect(watching).rejects.toThrow('enough');
  const asked = cloud.asked.slice(before).filter((path) => path === VM_API_PATHS.pairingReply);
  expect(asked).toHaveLength(times);
  remove();
});
