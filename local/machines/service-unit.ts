/**
 * Running one service unit without systemd: ExecStartPre, ExecStart, ExecStartPost, restarts,
 * RuntimeDirectory. Rights, users and sandboxing of the unit do not apply to a plain process.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import {
  assignments,
  type Command,
  command,
  expand,
  list,
  span,
  type Unit,
  type UnitName,
  value,
  values,
} from './unit-file.ts';

export type ActiveState = 'inactive' | 'activating' | 'active' | 'deactivating' | 'failed';

export interface Surroundings {
  /** Directory that stands in for `/`. */
  readonly root: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly log: (unit: string, text: string) => void;
}

const DEFAULT_RESTART_MS = 100;
const DEFAULT_STOP_MS = 90_000;

export class ServiceUnit {
  readonly name: UnitName;
  state: ActiveState = 'inactive';
  restarts = 0;
  readonly #unit: Unit;
  readonly #around: Surroundings;
  readonly #socket: Socket | undefined;
  #main: ChildProcess | undefined;
  #mainEnded: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  /** Counts starts and stops; what belongs to an earlier one has no say any more. */
  #turn = 0;

  constructor(name: UnitName, unit: Unit, around: Surroundings, socket?: Socket) {
    this.name = name;
    this.#unit = unit;
    this.#around = around;
    this.#socket = socket;
  }

  get mainPid(): number {
    return this.#main?.pid ?? 0;
  }

  #commands(key: string): readonly Command[] {
    return values(this.#unit, `Service.${key}`).map((line) => command(line, this.name));
  }

  #environment(): Record<string, string> {
    const files = list(this.#unit, 'Service.EnvironmentFile').flatMap((given) => {
      const file = given.replace(/^-/, '');
      return existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
    });
    const own = list(this.#unit, 'Service.Environment').map((word) => expand(word, this.name));
    return { ...this.#around.environment, ...assignments(own), ...assignments(files) };
  }

  #spawn(argv: readonly string[], socket?: Socket): ChildProcess {
    const [file = '', ...args] = argv;
    const cwd = value(this.#unit, 'Service.WorkingDirectory') ?? this.#around.root;
    const said = value(this.#unit, 'Service.StandardOutput') === 'null' ? 'ignore' : 'pipe';
    const child = spawn(file, args, {
      stdio: [socket ?? 'ignore', socket ?? said, 'pipe'],
      env: this.#environment(),
      cwd,
      detached: true,
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#around.log(this.name.full, text);
      });
    }
    child.on('error', (error) => this.#around.log(this.name.full, `${error.message}\n`));
    return child;
  }

  /** Runs commands one after the other; false at the first that fails. */
  async #runAll(commands: readonly Command[], turn: number): Promise<boolean> {
    for (const { argv, mayFail } of commands) {
      if (turn !== this.#turn) return false;
      this.#main = this.#spawn(argv);
      const code = await exitCode(this.#main);
      if (code !== 0 && !mayFail) return false;
    }
    return turn === this.#turn;
  }

  #runtimeDirectories(): readonly string[] {
    return list(this.#unit, 'Service.RuntimeDirectory').map((name) =>
      join(this.#around.root, 'run', name),
    );
  }

  #makeRuntimeDirectories(): void {
    const mode = Number.parseInt(value(this.#unit, 'Service.RuntimeDirectoryMode') ?? '755', 8);
    for (const directory of this.#runtimeDirectories()) {
      mkdirSync(directory, { recursive: true });
      chmodSync(directory, mode);
    }
  }

  #cleanUp(): void {
    if (value(this.#unit, 'Service.RuntimeDirectoryPreserve') === 'yes') return;
    for (const directory of this.#runtimeDirectories()) {
      rmSync(directory, { recursive: true, force: true });
    }
  }

  /** Starts the unit; resolves to whether it is up (a oneshot: done) after ExecStartPost. */
  async start(): Promise<boolean> {
    if (this.state === 'active' || this.state === 'activating') return true;
    return await this.#begin();
  }

  async #begin(): Promise<boolean> {
    clearTimeout(this.#timer);
    const turn = ++this.#turn;
    this.state = 'activating';
    this.#makeRuntimeDirectories();
    if (!(await this.#runAll(this.#commands('ExecStartPre'), turn))) return this.#end(turn, 1);
    if (value(this.#unit, 'Service.Type') === 'oneshot') return await this.#oneshot(turn);

    const [first] = this.#commands('ExecStart');
    const main = this.#spawn(first?.argv ?? [], this.#socket);
    // The process has the connection now; the other end must see it close when that ends.
    this.#socket?.destroy();
    this.#main = main;
    const ended = exitCode(main);
    this.#mainEnded = ended.then((code) => {
      this.#end(turn, code);
    });
    const post = this.#commands('ExecStartPost');
    for (const { argv, mayFail } of post) {
      const code = await exitCode(this.#spawn(argv));
      if (turn !== this.#turn) return false;
      if (code !== 0 && !mayFail) {
        signal(main, 'SIGKILL');
        return false;
      }
    }
    if (turn === this.#turn && main.exitCode === null) this.state = 'active';
    return turn === this.#turn;
  }

  async #oneshot(turn: number): Promise<boolean> {
    const post = this.#commands('ExecStartPost');
    const done = await this.#runAll([...this.#commands('ExecStart'), ...post], turn);
    if (done && value(this.#unit, 'Service.RemainAfterExit') === 'yes') {
      this.state = 'active';
      return true;
    }
    return this.#end(turn, done ? 0 : 1);
  }

  /** The service is over by itself: decides about a restart. Answers whether that was a success. */
  #end(turn: number, code: number): boolean {
    if (turn !== this.#turn) return false;
    this.#main = undefined;
    const allowed = list(this.#unit, 'Service.SuccessExitStatus').includes(String(code));
    const clean = code === 0 || allowed;
    const prevented = list(this.#unit, 'Service.RestartPreventExitStatus').includes(String(code));
    const restart = value(this.#unit, 'Service.Restart') ?? 'no';
    this.#cleanUp();
    if (!prevented && (restart === 'always' || (restart === 'on-failure' && !clean))) {
      this.state = 'activating';
      this.restarts += 1;
      const delay = span(value(this.#unit, 'Service.RestartSec'), DEFAULT_RESTART_MS);
      this.#timer = setTimeout(() => void this.#begin(), delay);
    } else {
      this.state = clean ? 'inactive' : 'failed';
    }
    return clean;
  }

  /** SIGTERM, and SIGKILL for the whole process group after TimeoutStopSec or `limitMs`. */
  async stop(limitMs = Number.POSITIVE_INFINITY): Promise<void> {
    clearTimeout(this.#timer);
    this.#turn += 1;
    const main = this.#main;
    if (main !== undefined && main.exitCode === null && main.signalCode === null) {
      this.state = 'deactivating';
      const patience = span(value(this.#unit, 'Service.TimeoutStopSec'), DEFAULT_STOP_MS);
      const timer = setTimeout(() => signal(main, 'SIGKILL'), Math.min(patience, limitMs));
      main.kill('SIGTERM');
      await exitCode(main);
      await this.#mainEnded;
      clearTimeout(timer);
      signal(main, 'SIGKILL');
    }
    this.#main = undefined;
    this.#cleanUp();
    this.state = 'inactive';
  }
}

/** Exit code of a process; as a shell would have it, 143 for SIGTERM and 137 for any other signal. */
function exitCode(child: ChildProcess): Promise<number> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  if (child.signalCode !== null) return Promise.resolve(child.signalCode === 'SIGTERM' ? 143 : 137);
  return new Promise((resolve) => {
    child.once('error', () => resolve(127));
    child.once('exit', (code, signalName) => {
      resolve(code ?? (signalName === 'SIGTERM' ? 143 : 137));
    });
  });
}

/** Signals the process group that a unit's process leads. */
function signal(child: ChildProcess, name: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, name);
  } catch {
    // Nobody is left in it.
  }
}
