import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { run } from '../../local/machines/run.ts';
import { useWorkshop } from './support/workshop.ts';

const ROOT = join(import.meta.dirname, '../..');
const PLUGIN = 'node_modules/@openclaw/some';

const shop = useWorkshop();
const { write } = shop;

const writePackage = (place: string, manifest: object, code: string): void => {
  write(`${place}/package.json`, JSON.stringify({ version: '1.0.0', license: 'MIT', ...manifest }));
  write(`${place}/lib/main.js`, code);
};

/** A plugin that depends on `chat`, which has a package of its own, an optional one that is not there, and one for Node. */
function writePlugin(imports: string): void {
  write(`${PLUGIN}/package.json`, '{"name":"@openclaw/some","dependencies":{"chat":"1.0.0"}}');
  write(`${PLUGIN}/dist/index.js`, imports);
  const chat = `${PLUGIN}/node_modules/chat`;
  const peers = { peerDependencies: { absent: '*' } };
  writePackage(
    chat,
    { name: 'chat', type: 'module', main: 'lib/main.js', ...peers },
    `import deep from 'deep';
     export const greet = () => deep.word();
     export const paint = () => import('absent');`,
  );
  writePackage(
    `${chat}/node_modules/deep`,
    { name: 'deep', main: 'lib/main.js', license: 'GPL-3.0' },
    `exports.word = () => require('node:path').basename('/over/hello');`,
  );
  write(`${chat}/node_modules/deep/LICENSE`, 'everyone may');
}

const bundle = () =>
  run([
    'env',
    '--chdir',
    shop.folder,
    process.execPath,
    join(ROOT, 'infra/image/bundle.mjs'),
    PLUGIN,
  ]);

test('a package of a plugin becomes one file that exports and does the same, with its licences', async () => {
  writePlugin(`export { greet } from 'chat'; import 'openclaw/plugin-sdk/x';`);
  expect(await bundle()).toMatchObject({ code: 0, stderr: '' });
  const chat = join(shop.folder, PLUGIN, 'node_modules/chat');
  expect(readdirSync(chat).sort()).toEqual(['LICENCES', 'index.mjs', 'package.json']);
  const { code, stdout } = await run([
    process.execPath,
    '--input-type=module',
    '--eval',
    `import { greet, paint } from ${JSON.stringify(pathToFileURL(join(chat, 'index.mjs')).href)};
     console.log(greet(), await paint().catch(({ code }) => code));`,
  ]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'hello ERR_MODULE_NOT_FOUND\n' });
  const licences = readFileSync(join(chat, 'LICENCES'), 'utf8');
  expect(licences).toContain('chat 1.0.0: MIT');
  expect(licences).toContain('deep 1.0.0: GPL-3.0\n\neveryone may');
});

test('a plugin that imports a part of a package is refused', async () => {
  writePlugin(`import 'chat/lib/main.js';`);
  const { code, stderr } = await bundle();
  expect(code).toBe(1);
  expect(stderr).toContain('imports chat/lib/main.js');
});
