/**
 * PID 1 of a machine that is only a directory: runs the units that bootstrap wrote below
 * `{root}/etc/systemd/system`, as systemctl's stand-in asks. Services, sockets with
 * Accept=yes, paths with PathExists, and timers with OnActiveSec= and
 * OnUnitInactiveSec=; targets are understood and do nothing.
 */

import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { ServiceUnit, type Surroundings } from './service-unit.ts';
import { list, parseUnit, span, type Unit, type UnitName, unitName, value } from './unit-file.ts';

/** How often a path unit looks, in milliseconds. */
const LOOK_MS = 200;

interface Watcher {
  close(): void;
}

export class Supervisor {
  readonly #around: Surroundings;
  readonly #directory: string;
  readonly #services = new Map<string, ServiceUnit>();
  /** Sockets and paths that are listened to. */
  readonly #watchers = new Map<string, Watcher>();
  #accepted = 0;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#directory = join(around.root, 'etc/systemd/system');
  }

  #read(name: UnitName): Unit | undefined {
    const file = join(this.#directory, name.file);
    return existsSync(file) ? parseUnit(readFileSync(file, 'utf8')) : undefined;
  }

  exists(given: string): boolean {
    return this.#read(unitName(given)) !== undefined;
  }

  /** Starts a unit and what it needs or wants; resolves to whether it is up. */
  async start(given: string): Promise<boolean> {
    const name = unitName(given);
    const unit = this.#read(name);
    if (unit === undefined) return false;
    const condition = value(unit, 'Unit.ConditionPathExists');
    if (condition !== undefined && !existsSync(condition)) return true;
    for (const needed of list(unit, 'Unit.Requires')) {
      if (this.exists(needed) && !(await this.start(needed))) return false;
    }
    for (const wanted of list(unit, 'Unit.Wants')) {
      if (this.exists(wanted)) await this.start(wanted);
    }
    if (name.type === 'service') return await this.#service(name, unit).start();
    if (this.#watchers.has(name.full)) return true;
    if (name.type === 'socket') this.#watchers.set(name.full, await this.#listen(name, unit));
    if (name.type === 'path') this.#watchers.set(name.full, this.#look(name, unit));
    if (name.type === 'timer') this.#watchers.set(name.full, this.#wait(name, unit));
    return true;
  }

  #service(name: UnitName, unit: Unit, socket?: Socket): ServiceUnit {
    const known = this.#services.get(name.full);
    // A unit that is down is read again: daemon-reload has nothing else to do here.
    if (known !== undefined && known.state !== 'inactive' && known.state !== 'failed') return known;
    const service = new ServiceUnit(name, unit, this.#around, socket);
    service.restarts = known?.restarts ?? 0;
    this.#services.set(name.full, service);
    return service;
  }

  /** systemd.socket(5), Accept=yes: an instance of the service for every connection. */
  async #listen(name: UnitName, unit: Unit): Promise<Watcher> {
    const path = value(unit, 'Socket.ListenStream') ?? '';
    const stem = name.full.slice(0, -'.socket'.length);
    mkdirSync(dirname(path), { recursive: true });
    rmSync(path, { force: true });
    const server: Server = createServer({ pauseOnConnect: true }, (socket) => {
      // "COUNT-PID-UID" of the peer; Node cannot ask for its pid, and its user is ours.
      const instance = unitName(`${stem}@${this.#accepted++}-0-${process.getuid?.() ?? 0}`);
      const description = this.#read(instance);
      if (description === undefined) return void socket.destroy();
      void this.#service(instance, description, socket).start();
    });
    await new Promise<void>((resolve, reject) => {
      server.on('error', reject);
      server.listen(path, resolve);
    });
    chmodSync(path, Number.parseInt(value(unit, 'Socket.SocketMode') ?? '666', 8));
    return { close: () => void server.close() };
  }

  /** systemd.path(5), PathExists=: starts the unit whenever the file is there and it is not running. */
  #look(name: UnitName, unit: Unit): Watcher {
    const file = value(unit, 'Path.PathExists') ?? '';
    const target = value(unit, 'Path.Unit') ?? name.full.replace(/\.path$/, '.service');
    const timer = setInterval(() => {
      if (existsSync(file) && !this.isActive(target)) void this.start(target);
    }, LOOK_MS);
    return { close: () => clearInterval(timer) };
  }

  /** systemd.timer(5), OnActiveSec= and OnUnitInactiveSec=: starts the unit after a while, and again. */
  #wait(name: UnitName, unit: Unit): Watcher {
    const target = value(unit, 'Timer.Unit') ?? name.full.replace(/\.timer$/, '.service');
    const after = (key: string): number => span(value(unit, `Timer.${key}`), LOOK_MS);
    let timer: NodeJS.Timeout;
    const again = async (): Promise<void> => {
      await this.start(target);
      timer = setTimeout(again, after('OnUnitInactiveSec'));
    };
    timer = setTimeout(again, after('OnActiveSec'));
    return { close: () => clearTimeout(timer) };
  }

  async stop(given: string, limitMs?: number): Promise<void> {
    const { full } = unitName(given);
    this.#watchers.get(full)?.close();
    this.#watchers.delete(full);
    await this.#services.get(full)?.stop(limitMs);
  }

  async restart(given: string): Promise<boolean> {
    await this.stop(given);
    return await this.start(given);
  }

  state(given: string): string {
    const { full } = unitName(given);
    if (this.#watchers.has(full)) return 'active';
    return this.#services.get(full)?.state ?? 'inactive';
  }

  isActive(given: string): boolean {
    return ['active', 'activating'].includes(this.state(given));
  }

  /** The properties of `systemctl show` that are known here. */
  properties(given: string): Readonly<Record<string, string>> {
    const name = unitName(given);
    const service = this.#services.get(name.full);
    return {
      Id: name.full,
      LoadState: this.exists(given) ? 'loaded' : 'not-found',
      ActiveState: this.state(given),
      SubState: this.state(given) === 'active' ? 'running' : 'dead',
      MainPID: String(service?.mainPid ?? 0),
      NRestarts: String(service?.restarts ?? 0),
      UnitFileState: this.isEnabled(given) ? 'enabled' : 'disabled',
    };
  }

  #wants(given: string): readonly string[] {
    const unit = this.#read(unitName(given));
    const targets = unit === undefined ? [] : list(unit, 'Install.WantedBy');
    return targets.map((target) => join(this.#directory, `${target}.wants`, unitName(given).full));
  }

  isEnabled(given: string): boolean {
    return this.#wants(given).some((link) => existsSync(link));
  }

  enable(given: string): void {
    for (const link of this.#wants(given)) {
      mkdirSync(dirname(link), { recursive: true });
      rmSync(link, { force: true });
      symlinkSync(`../${unitName(given).file}`, link);
    }
  }

  disable(given: string): void {
    for (const link of this.#wants(given)) rmSync(link, { force: true });
  }

  /** Starts every enabled unit, as a boot does. */
  async startEnabled(): Promise<void> {
    if (!existsSync(this.#directory)) return;
    const folders = readdirSync(this.#directory).filter((entry) => entry.endsWith('.wants'));
    const units = folders.flatMap((folder) => readdirSync(join(this.#directory, folder)));
    await Promise.all(units.map((unit) => this.start(unit)));
  }

  async stopAll(limitMs: number): Promise<void> {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
    await Promise.all([...this.#services.values()].map((service) => service.stop(limitMs)));
  }
}
