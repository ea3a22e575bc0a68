import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../local/machines/run.ts';

const PRUNE = join(import.meta.dirname, '../../infra/image/prune.sh');

test('what programs read, and what a licence asks for, stays', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'agents-plane-prune-'));
  try {
    mkdirSync(join(folder, 'a package/dist'), { recursive: true });
    const stays = ['LICENSE', 'README.md', 'dist', 'index.js', 'package.json', 'x.cjs', 'x.wasm'];
    const goes = ['index.d.ts', 'index.js.map', 'x.d.cts', 'x.d.mts', 'test.wav'];
    for (const name of [...stays, ...goes].filter((each) => each !== 'dist')) {
      writeFileSync(join(folder, 'a package', name), '');
    }
    writeFileSync(join(folder, 'a package/dist/deep.d.ts'), '');
    expect(await run([PRUNE, folder])).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(join(folder, 'a package')).sort()).toEqual(stays);
    expect(readdirSync(join(folder, 'a package/dist'))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
