/**
 * Fails when a package of the lockfile that fits this machine is not installed. npm leaves an
 * optional one out without a word when it cannot be downloaded; OpenClaw's native parts are such.
 *   node complete.mjs FOLDER
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [, , folder = '.'] = process.argv;
const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
const fits = (allowed, mine) => allowed === undefined || [allowed].flat().includes(mine);
const missing = Object.entries(packages)
  .filter(([place, { optional, os }]) => place !== '' && optional && os !== undefined)
  .filter(
    ([, { os, cpu, libc }]) =>
      fits(os, process.platform) && fits(cpu, process.arch) && fits(libc, 'glibc'),
  )
  .map(([place]) => place)
  .filter((place) => !existsSync(join(folder, place, 'package.json')));
if (missing.length > 0) {
  process.stderr.write(`not installed, although locked: ${missing.join(', ')}\n`);
  process.exitCode = 1;
}
