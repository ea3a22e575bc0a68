/**
 * The cached VM image, and the cached OpenClaw installation that goes into it. Both are named
 * by the hash of the recipe files that made them (infra/image), built beside their final place
 * and renamed, so that a half-built one is never used.
 */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PlaneError } from '../../contracts/errors.ts';
import { withLock } from './lock.ts';

const RECIPE = fileURLToPath(new URL('../../infra/image', import.meta.url));
/** What decides the OpenClaw installation; the rest of the recipe decides the image around it. */
const OPENCLAW_RECIPE = [
  '.npmrc',
  'bundle.mjs',
  'merge.mjs',
  'openclaw.sh',
  'package-lock.json',
  'package.json',
  'patch.sh',
  'prune.sh',
  'workers.mjs',
];
/** How many versions of each stay in the cache: the one in use, and the one before. */
const KEEP = 2;

export interface BuildOptions {
  /** Outside the checkout, e.g. `~/.cache/agents-plane`. */
  readonly cacheDir: string;
  /** One line of progress at a time. */
  readonly onProgress?: (line: string) => void;
  /** Environment of the build's commands: PATH, HOME and what npm and apt need (proxies). */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Openclaw {
  /** Directory that holds `node_modules/openclaw`, `node_modules/@openclaw/whatsapp`, `bin/node`. */
  readonly directory: string;
  /** Node 24. */
  readonly node: string;
  /** Entry point, to be run by `node`. */
  readonly entry: string;
}

/** Parts of the recipe that no machine here is made with: the Compute Engine output, and the start without an image. */
const ELSEWHERE = /^(gce\/|npm\/|install\.sh$)/;

/** What makes the machines here. */
export async function recipeFiles(): Promise<readonly string[]> {
  const entries = await readdir(RECIPE, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const names = files.map((entry) => relative(RECIPE, join(entry.parentPath, entry.name)));
  return names.filter((name) => !ELSEWHERE.test(name)).sort();
}

/** First 12 hex digits of a SHA-256 over names (relative to the recipe) and contents, for this CPU. */
async function hashOf(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(process.arch);
  for (const file of files) hash.update(`\0${file}\0`).update(await readFile(join(RECIPE, file)));
  return hash.digest('hex').slice(0, 12);
}

/** Runs a script (relative to the recipe); every line it prints is progress. Throws PlaneError INTERNAL. */
export async function runRecipe(argv: readonly string[], options: BuildOptions): Promise<void> {
  const [command = '', ...args] = argv;
  const child = spawn(join(RECIPE, command), args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: options.env as NodeJS.ProcessEnv,
  });
  let tail = '';
  const listen = (chunk: string) => {
    tail = `${tail}${chunk}`.slice(-2000);
    for (const line of chunk.split('\n')) if (line.trim() !== '') options.onProgress?.(line.trim());
  };
  child.stdout.setEncoding('utf8').on('data', listen);
  child.stderr.setEncoding('utf8').on('data', listen);
  const code = await new Promise<number | null>((resolve) => {
    child.on('error', () => resolve(null));
    child.on('close', resolve);
  });
  if (code !== 0) {
    throw new PlaneError('INTERNAL', `infra/image/${command} failed: ${tail.trim()}`);
  }
}

/** Removes all but the `KEEP` most recently used `{kind}-{hash}` directories. */
async function prune(cacheDir: string, kind: string): Promise<void> {
  const named = new RegExp(`^${kind}-[0-9a-f]{12}$`);
  const entries = (await readdir(cacheDir)).filter((entry) => named.test(entry));
  const dated = await Promise.all(
    entries.map(async (entry) => ({ entry, at: (await stat(join(cacheDir, entry))).mtimeMs })),
  );
  const old = dated.sort((a, b) => b.at - a.at).slice(KEEP);
  for (const { entry } of old) await rm(join(cacheDir, entry), { recursive: true, force: true });
}

/** The directory `{kind}-{hash}`, made by `build` when it is missing; one builder at a time. */
export async function cached(
  kind: string,
  files: readonly string[],
  options: BuildOptions,
  build: (directory: string) => Promise<void>,
): Promise<string> {
  await mkdir(options.cacheDir, { recursive: true });
  const target = join(options.cacheDir, `${kind}-${await hashOf(files)}`);
  if (!existsSync(target)) {
    await withLock(join(options.cacheDir, `${kind}.lock`), async () => {
      if (existsSync(target)) return;
      const unfinished = `${target}.tmp`;
      await rm(unfinished, { recursive: true, force: true });
      await build(unfinished);
      await rename(unfinished, target);
      await prune(options.cacheDir, kind);
    });
  }
  const now = new Date();
  await utimes(target, now, now).catch(() => {});
  return target;
}

/**
 * Node 24, OpenClaw and its WhatsApp plugin as locked in infra/image; needs npm, no root.
 * About 30 s the first time, then nothing. Throws PlaneError INTERNAL with npm's last words.
 */
export async function ensureOpenclaw(options: BuildOptions): Promise<Openclaw> {
  const directory = await cached('openclaw', OPENCLAW_RECIPE, options, async (unfinished) => {
    options.onProgress?.('Installing OpenClaw (once, about half a minute)');
    await runRecipe(['openclaw.sh', unfinished], options);
  });
  return {
    directory,
    node: join(directory, 'bin/node'),
    entry: join(directory, 'node_modules/openclaw/openclaw.mjs'),
  };
}

/**
 * The image's root file system as a directory; needs root and mmdebstrap. About a minute the
 * first time. Throws PlaneError INTERNAL with the build's last words.
 */
export async function ensureImage(options: BuildOptions): Promise<string> {
  const files = await recipeFiles();
  return await cached('image', files, options, async (unfinished) => {
    const openclaw = await ensureOpenclaw(options);
    options.onProgress?.('Building the VM image (once, about a minute)');
    await runRecipe(['build.sh', unfinished, openclaw.directory], options);
  });
}
