/** The operator's commands where no bridge ever ran: they look, and make nothing. */

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deadChange, deadList, status } from '../../bridge/cli/commands.ts';
import { loadConfig } from '../../bridge/config/load.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'bridge-commands-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const CONFIG = loadConfig(undefined, {
  KAPSO_API_KEY: 'key',
  KAPSO_PHONE_NUMBER_ID: '647015955153740',
});

test.each<[string, (dir: string) => Promise<unknown>]>([
  ['status', (dir) => status(CONFIG, dir)],
  ['dead list', (dir) => deadList(dir)],
  ['dead retry', (dir) => deadChange(dir, 'in:1', 'retry')],
])('%s says that there is none', async (_what, command) => {
  const dir = join(home, 'never');
  await expect(command(dir)).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringContaining(dir),
  });
  expect(existsSync(dir)).toBe(false);
});
