import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'oxc-parser';
import { ENTRY_POINTS, RULES, violation } from './rooms.ts';

const ROOT = join(import.meta.dirname, '../..');

/** What git tracks and what is new, without what it ignores. */
const sources = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts'],
  {
    cwd: ROOT,
    encoding: 'utf8',
  },
)
  .split('\n')
  .filter((file) => RULES.some(({ room }) => file.startsWith(room)));

function importsOf(file: string): string[] {
  const parsed = parseSync(file, readFileSync(join(ROOT, file), 'utf8'));
  const reexports = parsed.module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest }) => (moduleRequest ? [moduleRequest.value] : [])),
  );
  const source = readFileSync(join(ROOT, file), 'utf8');
  const dynamic = parsed.module.dynamicImports.flatMap(({ moduleRequest }) => {
    const text = source.slice(moduleRequest.start, moduleRequest.end);
    const literal = /^['"`]([^'"`$]*)['"`]$/.exec(text)?.[1];
    return literal ? [literal] : [];
  });
  return [
    ...parsed.module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...reexports,
    ...dynamic,
  ];
}

describe('import rules', () => {
  test('there is something to check', () => {
    expect(sources.length).toBeGreaterThan(20);
    expect(sources.flatMap(importsOf).length).toBeGreaterThan(50);
  });

  test('every import in every room is allowed', () => {
    const found = sources.flatMap((file) =>
      importsOf(file).map((specifier) => violation(file, specifier)),
    );
    expect(found.filter(Boolean)).toEqual([]);
  });

  test('only entry points read process.env', () => {
    const readers = sources.filter(
      (file) =>
        !ENTRY_POINTS.some((entry) => file.startsWith(entry)) &&
        /process\.env/.test(
          readFileSync(join(ROOT, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ''),
        ),
    );
    expect(readers).toEqual([]);
  });

  test.each([
    ['contracts/x.ts', 'node:fs'],
    ['contracts/x.ts', '../functions/core/name.ts'],
    ['functions/core/x.ts', '../service/provision.ts'],
    ['functions/core/x.ts', 'node:fs'],
    ['functions/http/x.ts', '../drivers/secrets.ts'],
    ['functions/drivers/secrets.ts', './instances.ts'],
    ['functions/service/x.ts', '../../vm-bootstrap/main.ts'],
    ['vm-bootstrap/steps/x.ts', '../../functions/core/name.ts'],
    ['vm-bootstrap/core/x.ts', 'node:fs'],
    ['functions/drivers/x.ts', '../service/provision.ts'],
    ['vm-bootstrap/steps/x.ts', '../commands/inputs.ts'],
    ['bridge/x.ts', '../functions/core/name.ts'],
    ['bridge/transports/x.ts', '../store/store.ts'],
    ['bridge/handlers/x.ts', '../transports/signature.ts'],
    ['bridge/store/x.ts', '../message.ts'],
    ['bridge/pipeline/x.ts', '../transports/signature.ts'],
    ['local/x.ts', '../functions/compose.ts'],
    ['functions/compose.ts', '../local/plane.ts'],
  ])('%s may not import %s', (file, specifier) => {
    expect(violation(file, specifier)).toBeDefined();
  });
});
