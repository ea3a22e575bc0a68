/**
 * The only door to the machine: files, programs, network, clock. Kept small, because
 * fetch-key loads it before every start of the gateway.
 */

import {
  chmodSync,
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  lchownSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { HttpRequest, HttpResponse } from './http.ts';

export interface ExecOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly timeoutMs?: number;
}

export interface ExecResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface WriteOptions {
  /** Permission bits. */
  readonly mode: number;
  /** User (and group) name; the caller's own when left out or where users are not managed. */
  readonly owner?: string;
}

export interface Host {
  /** '' on a VM, else the directory that stands in for `/`. */
  readonly root: string;
  /** False in process mode or without root: owners, users, mounts and the firewall are left alone. */
  readonly managed: boolean;
  /** Origin of the metadata server, without a trailing slash. */
  readonly metadataOrigin: string;
  now(): Date;
  sleep(ms: number): Promise<void>;
  randomHex(bytes: number): string;
  log(line: string): void;
  exists(path: string): boolean;
  /** Text of a file; undefined when there is none. */
  read(path: string): string | undefined;
  /** Permission bits and owner's uid; undefined when there is no such path. */
  stat(path: string): { readonly mode: number; readonly uid: number } | undefined;
  /** Replaces a file as a whole: a reader sees the old content or the new one, never a part. */
  write(path: string, content: string, options: WriteOptions): void;
  makeDirectory(path: string, options: WriteOptions): void;
  /** Creates a file that must not be there; false when it is. */
  create(path: string, content: string): boolean;
  remove(path: string): void;
  setOwner(path: string, options: WriteOptions): void;
  /** Uid and gid of a user from the machine's /etc/passwd. */
  lookUpUser(name: string): { readonly uid: number; readonly gid: number } | undefined;
  isRunning(pid: number): boolean;
  /** Runs a program to its end. Never throws for an exit code; 127 when it is not there. */
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  request(wanted: HttpRequest): Promise<HttpResponse>;
}

/** Public metadata address by number: no resolver is needed for it. */
const METADATA_ORIGIN = 'http://169.254.169.254';

const EXEC_MS = 120_000;

type Environment = Readonly<Record<string, string | undefined>>;

async function run(
  inherited: Environment,
  argv: readonly string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  const { spawn } = await import('node:child_process');
  const [file = '', ...args] = argv;
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      env: { ...inherited, ...options.env } as NodeJS.ProcessEnv,
      cwd: options.cwd,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    // Not spawn's own `timeout`: its timer lives on when the program does not exist.
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? EXEC_MS);
    const done = (result: ExecResult): void => {
      clearTimeout(timer);
      resolve(result);
    };
    child.on('error', (error) => done({ code: 127, stdout, stderr: error.message }));
    child.on('close', (code) => done({ code: code ?? 1, stdout, stderr }));
    child.stdin.on('error', () => {});
    child.stdin.end(options.stdin ?? '');
  });
}

function lookUpUser(name: string): { uid: number; gid: number } | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined
    ? undefined
    : { uid: Number(uid), gid: Number(gid) };
}

function filesOf(managed: boolean) {
  const ownerOf = (options: WriteOptions): { uid: number; gid: number } | undefined => {
    if (!managed || options.owner === undefined) return undefined;
    const user = lookUpUser(options.owner);
    if (user === undefined) throw new Error(`no user ${options.owner} on this machine`);
    return user;
  };
  // Not through a link that the gateway's user may have put there.
  const setOwner = (path: string, options: WriteOptions): void => {
    const user = ownerOf(options);
    if (user) lchownSync(path, user.uid, user.gid);
    chmodSync(path, options.mode);
  };
  return {
    setOwner,
    exists: existsSync,
    read: (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined),
    stat: (path: string) => {
      const found = statSync(path, { throwIfNoEntry: false });
      return found && { mode: found.mode & 0o7777, uid: found.uid };
    },
    write(path: string, content: string, options: WriteOptions): void {
      mkdirSync(dirname(path), { recursive: true });
      // By descriptor and exclusively: the directory may belong to the gateway's user, who
      // must not be able to slip a link in between.
      const partial = `${path}.${process.hrtime.bigint()}.partial`;
      const file = openSync(partial, 'wx', 0o600);
      try {
        writeSync(file, content);
        const user = ownerOf(options);
        if (user) fchownSync(file, user.uid, user.gid);
        fchmodSync(file, options.mode);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(partial, path);
    },
    makeDirectory(path: string, options: WriteOptions): void {
      mkdirSync(path, { recursive: true });
      setOwner(path, options);
    },
    create(path: string, content: string): boolean {
      mkdirSync(dirname(path), { recursive: true });
      try {
        const file = openSync(path, 'wx', 0o600);
        writeSync(file, content);
        closeSync(file);
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
        throw error;
      }
    },
    remove: (path: string) => rmSync(path, { force: true }),
  };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

export interface HostSettings {
  /** AGENTS_PLANE_ROOT. */
  readonly root?: string | undefined;
  /** GCE_METADATA_HOST, `host:port`, as Google's own libraries read it. */
  readonly metadataHost?: string | undefined;
  /** What programs that we run inherit. */
  readonly env: Environment;
  readonly uid: number;
  readonly log: (line: string) => void;
}

export function machineHost(settings: HostSettings): Host {
  const root = (settings.root ?? '').replace(/\/+$/, '');
  const managed = root === '' && settings.uid === 0;
  return {
    root,
    managed,
    metadataOrigin: settings.metadataHost ? `http://${settings.metadataHost}` : METADATA_ORIGIN,
    now: () => new Date(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    // Loaded when asked for: fetch-key does without.
    randomHex: (bytes) =>
      process.getBuiltinModule('node:crypto').randomBytes(bytes).toString('hex'),
    log: settings.log,
    lookUpUser,
    isRunning,
    exec: (argv, options) => run(settings.env, argv, options),
    request: async (wanted) => (await import('./http.ts')).request(wanted),
    ...filesOf(managed),
  };
}
