import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { run } from '../../local/machines/run.ts';
import { useWorkshop } from './support/workshop.ts';

const ROOT = join(import.meta.dirname, '../..');
const PACKAGE = 'node_modules/some';

const shop = useWorkshop();
const { write } = shop;

/** Two parts that share a module. */
function writePackage(exports: object = {}): void {
  const parts = {
    './one': { types: './lib/one.d.ts', import: './lib/one.js', default: './lib/one.js' },
    './two': './lib/two.js',
    './package.json': './package.json',
  };
  const manifest = { name: 'some', type: 'module', exports: { ...parts, ...exports } };
  write(`${PACKAGE}/package.json`, JSON.stringify(manifest));
  write(`${PACKAGE}/lib/deep/state.js`, 'export const state = new Map();');
  write(`${PACKAGE}/lib/deep/place.js`, '');
  write(
    `${PACKAGE}/lib/one.js`,
    `import './deep/place.js';
     export { state } from './deep/state.js';
     export const place = import.meta.url;`,
  );
  write(`${PACKAGE}/lib/two.js`, `export { state as default } from './deep/state.js';`);
}

const merge = () =>
  run([
    ...['env', '--chdir', shop.folder, process.execPath],
    ...[join(ROOT, 'infra/image/merge.mjs'), 'node_modules', 'some'],
  ]);

test('the parts of a package are few files, and share what they shared', async () => {
  writePackage();
  expect(await merge()).toMatchObject({ code: 0, stderr: '' });
  for (const part of ['one', 'two'])
    expect(readFileSync(join(shop.folder, PACKAGE, `lib/${part}.js`), 'utf8')).not.toContain(
      'deep/',
    );
  const { stdout, stderr } = await run([
    ...['env', '--chdir', shop.folder, process.execPath, '--input-type=module', '--eval'],
    `import { state, place } from 'some/one';
     import other from 'some/two';
     console.log(state === other, place);`,
  ]);
  const place = pathToFileURL(join(shop.folder, PACKAGE, 'lib/one.js')).href;
  expect({ stdout, stderr }).toEqual({ stdout: `true ${place}\n`, stderr: '' });
  expect(existsSync(join(shop.folder, PACKAGE, 'lib/deep/state.js'))).toBe(true);
});

test('a package that anything may be imported of is refused', async () => {
  writePackage({ './deep/*': './lib/deep/*' });
  const { code, stderr } = await merge();
  expect(code).toBe(1);
  expect(stderr).toContain('some is no ES module, or exports files by a pattern');
});

test('a file that asks where it is is not moved', async () => {
  writePackage();
  write(`${PACKAGE}/lib/deep/place.js`, `new URL('data.wasm', import.meta.url);`);
  const { code, stderr } = await merge();
  expect(code).toBe(1);
  expect(stderr).toContain('lib/deep/place.js asks where it is');
});
