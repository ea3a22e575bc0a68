import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../local/machines/run.ts';

const PATCH = join(import.meta.dirname, '../../infra/image/patch.sh');

test('the one condition is changed; an OpenClaw that has it no more stops the recipe', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'agents-plane-patch-'));
  try {
    mkdirSync(join(folder, 'dist'));
    const hook = join(folder, 'dist/entry.esm-resolve-fast-path-Ab_1.mjs');
    writeFileSync(hook, 'a || !specifier.endsWith(".js") || b');
    writeFileSync(join(folder, 'dist/entry.esm-resolve-fast-path-Cd_2.mjs'), 'export {}');
    expect(await run([PATCH, folder])).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(hook, 'utf8')).toBe('a || !/\\.m?js$/.test(specifier) || b');
    const again = await run([PATCH, folder]);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('not what it was in 2026.9.6');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
