/**
 * The image's recipe as a tar.gz, for VMs that start without the image: the same bytes for the
 * same files, whoever builds, so that the bundle's hash changes with the content alone.
 */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';

const BLOCK = 512;

/** `bytes`, filled with zeroes to whole blocks. */
function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes], Math.ceil(bytes.length / BLOCK) * BLOCK);
}

/** One header of a ustar archive, for a file of root's from 1970 (POSIX.1-2017, pax, "ustar Interchange Format"). */
function header(name: string, mode: number, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0');
  block.write(name, 0, 100);
  block.write(octal(mode, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(0, 11), 136);
  block.write('        ', 148);
  block.write('0', 156);
  block.write('ustar\0' + '00', 257);
  block.write(
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      6,
    )}\0 `,
    148,
  );
  return block;
}

/** @returns gzip of a tar of every file below `folder`, names relative to it */
export function recipeArchive(folder: string): Buffer {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
  const blocks = files.flatMap((name) => {
    const content = readFileSync(join(folder, name));
    const mode = statSync(join(folder, name)).mode & 0o100 ? 0o755 : 0o644;
    return [header(name, mode, content.length), padded(content)];
  });
  const zipped = gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]), { level: 9 });
  // RFC 1952: the byte that tells the operating system. Unknown, for all of them alike.
  zipped[9] = 255;
  return zipped;
}
