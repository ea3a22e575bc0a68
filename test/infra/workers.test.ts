import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { run } from '../../local/machines/run.ts';
import { useWorkshop } from './support/workshop.ts';

const ROOT = join(import.meta.dirname, '../..');
const WORKER = 'node_modules/own/dist/deep/some.worker.js';

const shop = useWorkshop();
const { write } = shop;

/** A worker with an ES module that asks where it is, and with a CommonJS one. */
function writeWorker(more = ''): void {
  write(
    'node_modules/some/package.json',
    '{ "name": "some", "type": "module", "exports": "./lib/index.js" }',
  );
  write('node_modules/some/lib/index.js', `export { place } from './deep/place.js';`);
  write('node_modules/some/lib/deep/place.js', 'export const place = import.meta.url;');
  write('node_modules/old/package.json', '{ "name": "old", "main": "main.js" }');
  write('node_modules/old/main.js', `const { sep } = require('path'); module.exports = { sep };`);
  write('node_modules/own/package.json', '{ "name": "own", "type": "module" }');
  write('node_modules/own/dist/beside.js', 'export const beside = 1;');
  write(
    WORKER,
    `import { createRequire } from 'node:module';
     import { place } from 'some';
     import old from 'old';
     ${more}
     const require = createRequire(import.meta.url);
     console.log(place, old.sep, import.meta.url, require('../../package.json').name);`,
  );
}

const whole = () =>
  run([
    ...['env', '--chdir', shop.folder, process.execPath],
    ...[join(ROOT, 'infra/image/workers.mjs'), WORKER],
  ]);

test('a worker is one file, and each of its files finds itself where it was', async () => {
  writeWorker();
  const start = () => run([process.execPath, join(shop.folder, WORKER)]);
  const before = await start();
  expect(await whole()).toMatchObject({ code: 0, stderr: '' });
  for (const name of ['some', 'old'])
    rmSync(join(shop.folder, 'node_modules', name), { recursive: true });
  expect(await start()).toEqual(before);
  const [place, sep, own, name] = before.stdout.trim().split(' ');
  expect([place, own]).toEqual(
    ['node_modules/some/lib/deep/place.js', WORKER].map(
      (file) => pathToFileURL(join(shop.folder, file)).href,
    ),
  );
  expect([sep, name]).toEqual(['/', 'own']);
});

test('a worker that imports what lies beside it is refused, and left as it is', async () => {
  writeWorker(`import '../beside.js';`);
  const before = readFileSync(join(shop.folder, WORKER), 'utf8');
  const { code, stderr } = await whole();
  expect(code).toBe(1);
  expect(stderr).toContain('some.worker.js imports ../beside.js beside it');
  expect(readFileSync(join(shop.folder, WORKER), 'utf8')).toBe(before);
});

test('a file that asks for more than its address is refused', async () => {
  writeWorker();
  write('node_modules/some/lib/deep/place.js', 'export const place = import.meta.dirname;');
  const { code, stderr } = await whole();
  expect(code).toBe(1);
  expect(stderr).toContain('deep/place.js asks where it is by more than its address');
});

test('a worker of another version of OpenClaw, that is not there, is refused', async () => {
  const { code, stderr } = await whole();
  expect(code).toBe(1);
  expect(stderr).toContain('some.worker.js');
});
