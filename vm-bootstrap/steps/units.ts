/**
 * The units: known to systemd, enabled, running, and restarted when what they were started
 * with changed. Systemd itself is asked, so that a bootstrap that died half way is made good.
 */

import { createHash } from 'node:crypto';
import { PlaneError } from '../../contracts/plane-error.ts';
import { UNITS } from '../core/layout.ts';
import { UNIT_PLAN } from '../core/units.ts';
import type { Host } from '../host.ts';
import type { Context, Step } from './step.ts';

const ACTIVE = UNIT_PLAN.filter((unit) => unit.state === 'active').map((unit) => unit.name);
const ENABLED = UNIT_PLAN.filter((unit) => unit.enabled).map((unit) => unit.name);

async function systemctl(host: Host, ...args: readonly string[]): Promise<string> {
  const result = await host.exec(['systemctl', ...args]);
  if (result.code !== 0) {
    const complaint = result.stderr.trim().slice(0, 300);
    throw new PlaneError('INTERNAL', `systemctl ${args[0]} failed: ${complaint}`);
  }
  return result.stdout;
}

interface UnitState {
  readonly name: string;
  readonly active: string;
  readonly enabled: string;
  readonly stale: boolean;
}

/** `systemctl show` prints one block of KEY=value lines a unit, blocks apart by an empty line. */
async function unitStates(host: Host): Promise<UnitState[]> {
  const names = ACTIVE;
  const shown = await systemctl(
    host,
    'show',
    '--property=Id,ActiveState,UnitFileState,NeedDaemonReload',
    ...names,
  );
  return shown
    .trim()
    .split(/\n\n+/)
    .map((block) => {
      const fields = new Map(
        block.split('\n').map((line) => line.split('=', 2) as [string, string]),
      );
      return {
        name: fields.get('Id') ?? '',
        active: fields.get('ActiveState') ?? '',
        enabled: fields.get('UnitFileState') ?? '',
        stale: fields.get('NeedDaemonReload') === 'yes',
      };
    });
}

/** Digest of what each unit is started with; a difference asks for a restart. */
function inForce({ host, layout }: Context): Record<string, string> {
  const digest = (...paths: readonly string[]): string =>
    paths
      .reduce((hash, path) => hash.update(host.read(path) ?? ''), createHash('sha256'))
      .digest('hex');
  const unit = (name: string): string => `${layout.units}/${name}`;
  return {
    ...Object.fromEntries(ACTIVE.map((name) => [name, digest(unit(name))])),
    [UNITS.guard]: digest(unit(UNITS.guard), layout.guardRules),
    [UNITS.watch]: digest(unit(UNITS.watch), layout.bundle),
    // Our own rendering, not the file: what the agent changes is hot-applied by OpenClaw.
    [UNITS.gateway]: digest(unit(UNITS.gateway), layout.renderedConfig),
  };
}

function startedWith({ host, layout }: Context): Record<string, string> {
  const text = host.read(layout.startedWith);
  return text === undefined ? {} : (JSON.parse(text) as Record<string, string>);
}

const RUNNING = new Set(['active', 'activating', 'reloading']);

export const units: Step<Context> = {
  name: 'units',
  async check(context) {
    const states = await unitStates(context.host);
    const [now, before] = [inForce(context), startedWith(context)];
    return (
      states.length === ACTIVE.length &&
      states.every(
        (unit) =>
          RUNNING.has(unit.active) &&
          !unit.stale &&
          unit.enabled === 'enabled' &&
          now[unit.name] === before[unit.name],
      )
    );
  },
  async apply(context) {
    const { host, layout } = context;
    await systemctl(host, 'daemon-reload');
    await systemctl(host, 'enable', ...ENABLED);
    const states = new Map((await unitStates(host)).map((unit) => [unit.name, unit]));
    const [now, before] = [inForce(context), startedWith(context)];
    const running = (name: string): boolean => RUNNING.has(states.get(name)?.active ?? '');
    // Systemd started it at boot with the files as they were at the last bootstrap.
    const changed = ACTIVE.filter((name) => running(name) && before[name] !== now[name]);
    const stopped = ACTIVE.filter((name) => !running(name));
    // Until fetch-key runs again, the gateway that answers is the old one (`steps/ready.ts`).
    if (changed.includes(UNITS.gateway)) host.remove(layout.keyOrigin);
    if (changed.length > 0) await systemctl(host, 'restart', '--no-block', ...changed);
    if (stopped.length > 0) await systemctl(host, 'start', '--no-block', ...stopped);
    host.write(layout.startedWith, JSON.stringify(now), { mode: 0o644 });
  },
};
