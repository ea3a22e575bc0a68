import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../local/machines/run.ts';

const COMPLETE = join(import.meta.dirname, '../../infra/image/npm/complete.mjs');

test('a native package that fits and is not there is named; one for another machine is not missed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'agents-plane-complete-'));
  const mine = { optional: true, os: [process.platform], cpu: [process.arch] };
  const packages = {
    '': {},
    'node_modules/native': { ...mine, libc: ['glibc'] },
    'node_modules/native-musl': { ...mine, libc: ['musl'] },
    'node_modules/native-windows': { ...mine, os: ['win32'] },
  };
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages }));
  const check = () => run([process.execPath, COMPLETE, folder]);
  expect(await check()).toMatchObject({
    code: 1,
    stderr: 'not installed, although locked: node_modules/native\n',
  });
  mkdirSync(join(folder, 'node_modules/native'), { recursive: true });
  writeFileSync(join(folder, 'node_modules/native/package.json'), '{}');
  expect(await check()).toMatchObject({ code: 0 });
  rmSync(folder, { recursive: true });
});
