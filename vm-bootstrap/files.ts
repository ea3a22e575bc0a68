/**
 * Files of the machine. Root's own, and those of the gateway's user: that user may put a
 * link, a pipe or anything else wherever its directories reach, so its files are touched
 * with its rights alone (`filesAs`). The kernel then refuses what the user itself may not do,
 * at every component of a path and without a race.
 */

import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { PlaneError } from '../contracts/plane-error.ts';

export interface User {
  readonly uid: number;
  readonly gid: number;
}

export interface Files {
  exists(path: string): boolean;
  /** Text of a regular file; undefined when there is none. */
  read(path: string): string | undefined;
  /** Permission bits and owner's uid; undefined when there is no such path. */
  stat(path: string): { readonly mode: number; readonly uid: number } | undefined;
  /**
   * Replaces a file as a whole: a reader sees the old content or the new one, never a part.
   * @param options.mode permission bits
   */
  write(path: string, content: string, options: { readonly mode: number }): void;
  makeDirectory(path: string, options: { readonly mode: number }): void;
  /** Where a symbolic link leads, as it is written; undefined when there is no link. */
  readLink(path: string): string | undefined;
  /** Puts a symbolic link in place of whatever file or link is there. */
  link(target: string, path: string): void;
  /** Creates a file that must not be there; false when it is. */
  create(path: string, content: string): boolean;
  remove(path: string): void;
  /** Names of the entries of a directory, sorted; none when there is no directory. */
  list(path: string): readonly string[];
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';

const NONE = new Set(['ENOENT', 'ENOTDIR']);
/** A text of ours has a few kilobytes, a bundle that is hashed one megabyte. */
const READ_MAX = 16_000_000;

function read(path: string): string | undefined {
  let file: number;
  try {
    // Not blocking: a pipe without a writer would hold us for ever.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (NONE.has(codeOf(error))) return undefined;
    throw error;
  }
  try {
    const { size } = fstatSync(file);
    if (!fstatSync(file).isFile() || size > READ_MAX) return undefined;
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

function write(path: string, content: string, options: { readonly mode: number }): void {
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.${process.hrtime.bigint()}.partial`;
  const file = openSync(partial, 'wx', 0o600);
  try {
    // Not writeSync: on a disk that fills up it writes a part, and says so by a number alone.
    writeFileSync(file, content);
    fchmodSync(file, options.mode);
    fsyncSync(file);
    renameSync(partial, path);
  } catch (error) {
    // It may hold a key, or be what the disk is full with.
    rmSync(partial, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (NONE.has(codeOf(error)) || codeOf(error) === 'EINVAL') return undefined;
    throw error;
  }
}

function link(target: string, path: string): void {
  const partial = `${path}.${process.hrtime.bigint()}.partial`;
  symlinkSync(target, partial);
  renameSync(partial, path);
}

/** With the caller's own rights. */
export const plainFiles: Files = {
  exists: existsSync,
  read,
  stat(path) {
    const found = statSync(path, { throwIfNoEntry: false });
    return found && { mode: found.mode & 0o7777, uid: found.uid };
  },
  write,
  makeDirectory(path, { mode }) {
    mkdirSync(path, { recursive: true });
    chmodSync(path, mode);
  },
  readLink,
  link,
  create(path, content) {
    mkdirSync(dirname(path), { recursive: true });
    const partial = `${path}.${process.hrtime.bigint()}.partial`;
    try {
      writeFileSync(partial, content, { flag: 'wx', mode: 0o600 });
      // There with its content from the first moment: whoever finds a lock reads whose it is.
      linkSync(partial, path);
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    } finally {
      rmSync(partial, { force: true });
    }
  },
  remove: (path) => rmSync(path, { force: true }),
  list: (path) => (existsSync(path) ? readdirSync(path).sort() : []),
};

/** Makes a directory, in a directory that is root's, and hands it to a user. */
export function giveDirectory(path: string, mode: number, user: User): void {
  mkdirSync(path, { recursive: true });
  const directory = openSync(path, constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    fchownSync(directory, user.uid, user.gid);
    fchmodSync(directory, mode);
  } finally {
    closeSync(directory);
  }
}

/** Runs synchronous work with a user's rights (credentials(7): effective ids, groups). Needs root. */
function withRightsOf<T>(user: User, work: () => T): T {
  const groups = process.getgroups?.() ?? [];
  const [uid, gid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0];
  try {
    process.setgroups?.([user.gid]);
    process.setegid?.(user.gid);
    process.seteuid?.(user.uid);
    return work();
  } finally {
    process.seteuid?.(uid);
    process.setegid?.(gid);
    process.setgroups?.(groups);
  }
}

/** Codes that say: not for this user. */
const CLOSED = new Set(['EACCES', 'ELOOP', 'EPERM']);

/**
 * Files with a user's rights, from root. What the user cannot read is not there; what it
 * cannot write is a PlaneError FAILED_PRECONDITION that names the path.
 */
export function filesAs(name: string, user: User): Files {
  const attempt = <T>(path: string, work: () => T): T => {
    try {
      return withRightsOf(user, work);
    } catch (cause) {
      throw new PlaneError(
        'FAILED_PRECONDITION',
        `${path} cannot be written as user ${name} (${codeOf(cause)}): is a link in the way?`,
        { cause },
      );
    }
  };
  return {
    exists: (path) => withRightsOf(user, () => plainFiles.exists(path)),
    read: (path) =>
      withRightsOf(user, () => {
        try {
          return read(path);
        } catch (error) {
          if (CLOSED.has(codeOf(error))) return undefined;
          throw error;
        }
      }),
    stat: (path) =>
      withRightsOf(user, () => (plainFiles.exists(path) ? plainFiles.stat(path) : undefined)),
    write: (path, content, options) => attempt(path, () => write(path, content, options)),
    makeDirectory: (path, options) => attempt(path, () => plainFiles.makeDirectory(path, options)),
    readLink: (path) =>
      withRightsOf(user, () => (plainFiles.exists(path) ? readLink(path) : undefined)),
    link: (target, path) => attempt(path, () => link(target, path)),
    create: (path, content) => attempt(path, () => plainFiles.create(path, content)),
    remove: (path) => attempt(path, () => plainFiles.remove(path)),
    list: (path) => withRightsOf(user, () => plainFiles.list(path)),
  };
}
