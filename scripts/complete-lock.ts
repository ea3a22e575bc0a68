/**
 * Completes package-lock.json after `npm install` against a registry that carries only some
 * platforms' packages. Such a registry leaves optional dependencies out of the lock, and
 * `npm ci` then refuses it on every machine. Adds the missing entries (without a hash, which
 * nobody here can know); npm skips them wherever `os` and `cpu` do not fit.
 */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

interface Entry {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

const OS = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
  'aix',
];
const CPU = [
  'arm64',
  'arm',
  'x64',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
];

/** What a platform package's name says: `core-linux-arm-gnueabihf` is for linux on arm. */
function platformOf(name: string): Pick<Entry, 'os' | 'cpu' | 'libc'> {
  const words = name.split(/[-/]/);
  const os = OS.filter((each) => words.includes(each));
  const cpu = CPU.filter((each) => words.includes(each));
  const libc = words.some((word) => word.startsWith('musl')) ? { libc: ['musl'] } : {};
  return { ...(os.length > 0 && { os }), ...(cpu.length > 0 && { cpu }), ...libc };
}

const file = join(import.meta.dirname, '../package-lock.json');
const lock = JSON.parse(await readFile(file, 'utf8')) as { packages: Record<string, Entry> };
const missing = Object.values(lock.packages).flatMap(({ dev, optionalDependencies = {} }) =>
  Object.entries(optionalDependencies).flatMap(([name, version]) => {
    const path = `node_modules/${name}`;
    if (lock.packages[path]) return [];
    return [[path, { version, ...platformOf(name), ...(dev && { dev }), optional: true }] as const];
  }),
);
const packages = Object.fromEntries(
  Object.entries({ ...lock.packages, ...Object.fromEntries(missing) }).sort(([a], [b]) =>
    a < b ? -1 : 1,
  ),
);
await writeFile(file, `${JSON.stringify({ ...lock, packages }, null, 2)}\n`);
process.stdout.write(`${missing.length} entries added\n`);
