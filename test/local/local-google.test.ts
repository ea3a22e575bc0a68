/** The machines of a local plane, found by their own names and by their agents'. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Hypervisor, Machine } from '../../local/machine.ts';
import { type LocalGoogle, startLocalGoogle } from '../../local/plane/local-google.ts';
import { startVm } from '../functions/harness.ts';

let folder: string;
let local: LocalGoogle;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'local-google-'));
  const hypervisor: Hypervisor = {
    kind: 'process',
    onConnection: () => undefined,
    boot: async ({ name }): Promise<Machine> => ({
      name,
      exited: new Promise(() => undefined),
      exec: async () => ({ code: 0, stdout: name, stderr: '' }),
      stop: async () => undefined,
    }),
    deleteBootDisk: async () => undefined,
    deleteDataDisk: async () => undefined,
    close: async () => undefined,
  };
  local = await startLocalGoogle({ hypervisor, mailDir: folder });
});
afterEach(async () => {
  await local.close();
  rmSync(folder, { recursive: true, force: true });
});

test('by the name that a list shows, and by that of the VM', async () => {
  await startVm(local.google, 'allison');
  for (const name of ['allison', 'agent-allison']) {
    expect(local.machine(name).name).toBe('agent-allison');
  }
  expect(() => local.machine('bo')).toThrow('No VM bo is running');
});
