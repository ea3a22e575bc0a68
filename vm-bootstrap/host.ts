/**
 * The only door to the machine: files, programs, network, clock. Kept small, because
 * fetch-key loads it before every start of the gateway.
 */

import { readFileSync } from 'node:fs';
import { type Files, filesAs, giveDirectory, plainFiles, type User } from './files.ts';
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

export interface Host extends Files {
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
  /** The files of a user, with that user's rights; the caller's own where users are not managed. */
  as(user: string): Files;
  /** Makes a directory in one that is root's, and hands it to a user where users are managed. */
  giveDirectory(path: string, options: { readonly mode: number; readonly owner: string }): void;
  /** Uid and gid of a user from the machine's /etc/passwd. */
  lookUpUser(name: string): User | undefined;
  isRunning(pid: number): boolean;
  /** Runs a program to its end. Never throws for an exit code; 127 when it is not there. */
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  request(wanted: HttpRequest): Promise<HttpResponse>;
  /** True when a TCP connection opens in time; it is closed unused. */
  reaches(hostname: string, port: number, timeoutMs: number): Promise<boolean>;
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

function reaches(hostname: string, port: number, timeoutMs: number): Promise<boolean> {
  const socket = process.getBuiltinModule('node:net').connect({ host: hostname, port });
  return new Promise((resolve) => {
    const done = (reached: boolean): void => {
      socket.destroy();
      resolve(reached);
    };
    socket.setTimeout(timeoutMs, () => done(false));
    socket.once('connect', () => done(true)).once('error', () => done(false));
  });
}

function lookUpUser(passwd: string, name: string): User | undefined {
  const line = readFileSync(passwd, 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined
    ? undefined
    : { uid: Number(uid), gid: Number(gid) };
}

function filesOf(managed: boolean, passwd: string): Pick<Host, 'as' | 'giveDirectory'> & Files {
  const known = (name: string): User => {
    const user = lookUpUser(passwd, name);
    if (user === undefined) throw new Error(`no user ${name} on this machine`);
    return user;
  };
  return {
    ...plainFiles,
    as: (name) => (managed ? filesAs(name, known(name)) : plainFiles),
    giveDirectory: (path, { mode, owner }) =>
      managed ? giveDirectory(path, mode, known(owner)) : plainFiles.makeDirectory(path, { mode }),
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
  /** passwd(5) of the machine; /etc/passwd when left out. */
  readonly passwd?: string;
  readonly log: (line: string) => void;
}

export function machineHost(settings: HostSettings): Host {
  const root = (settings.root ?? '').replace(/\/+$/, '');
  const managed = root === '' && settings.uid === 0;
  const passwd = settings.passwd ?? '/etc/passwd';
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
    lookUpUser: (name) => lookUpUser(passwd, name),
    isRunning,
    exec: (argv, options) => run(settings.env, argv, options),
    reaches,
    request: async (wanted) => (await import('./http.ts')).request(wanted),
    ...filesOf(managed, passwd),
  };
}
