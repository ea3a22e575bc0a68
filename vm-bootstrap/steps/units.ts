/**
 * The units: known to systemd, enabled, running, and restarted when what they were started
 * with changed. Systemd itself is asked, so that a bootstrap that died half way is made good.
 */

import { createHash } from 'node:crypto';
import { UNITS } from '../core/layout.ts';
import { OWN_UNITS, unitsOf } from '../core/units.ts';
import type { Host } from '../host.ts';
import { systemctl, unitStates } from '../systemd.ts';
import type { Context, Step } from './step.ts';

interface Names {
  readonly active: readonly string[];
  readonly enabled: readonly string[];
  /** Of another configuration: neither started nor enabled. */
  readonly unwanted: readonly string[];
}

function namesOf({ config }: Context): Names {
  const { wanted, unwanted } = unitsOf(config);
  return {
    active: wanted.filter((unit) => unit.state === 'active').map((unit) => unit.name),
    enabled: wanted.filter((unit) => unit.enabled).map((unit) => unit.name),
    unwanted: unwanted.filter((unit) => unit.enabled).map((unit) => unit.name),
  };
}

/** Digest of what each unit is started with; a difference asks for a restart. */
function inForce(context: Context): Record<string, string> {
  const { host, layout } = context;
  const digest = (...paths: readonly string[]): string =>
    paths
      .reduce((hash, path) => hash.update(host.read(path) ?? ''), createHash('sha256'))
      .digest('hex');
  const unit = (name: string): string => `${layout.units}/${name}`;
  return {
    ...Object.fromEntries(namesOf(context).active.map((name) => [name, digest(unit(name))])),
    [UNITS.guard]: digest(unit(UNITS.guard), layout.guardRules),
    [UNITS.watch]: digest(unit(UNITS.watch), layout.bundle),
    [UNITS.meter]: digest(unit(UNITS.meter), layout.bundle, layout.meterSettings),
    [UNITS.mailKeys]: digest(unit(UNITS.mailKeys), layout.bundle),
    [UNITS.pairing]: digest(unit(UNITS.pairing), layout.bundle, layout.pairingSettings),
    [UNITS.bridge]: digest(unit(UNITS.bridge), layout.bridgeProgram, layout.bridgeConfig),
    // Our own rendering, not the file: what the agent changes is hot-applied by OpenClaw.
    [UNITS.gateway]: digest(
      unit(UNITS.gateway),
      layout.gatewayEnv,
      layout.renderedConfig,
      ...['index.js', 'settings.json', 'replies.json'].map((name) => `${layout.plugin}/${name}`),
    ),
  };
}

function startedWith({ host, layout }: Context): Record<string, string> {
  const text = host.read(layout.startedWith);
  return text === undefined ? {} : (JSON.parse(text) as Record<string, string>);
}

const RUNNING = new Set(['active', 'activating', 'reloading']);

/** Units of another configuration that run, or would at the next boot. */
async function unwantedAtWork(host: Host, unwanted: readonly string[]): Promise<string[]> {
  if (unwanted.length === 0) return [];
  const states = await unitStates(host, unwanted);
  const atWork = states.filter((unit) => RUNNING.has(unit.active) || unit.enabled === 'enabled');
  return atWork.map((unit) => unit.name);
}

/** Has systemd read its files once: enabling would have it read all of them by itself, too. */
async function enable(host: Host, names: readonly string[]): Promise<void> {
  await systemctl(host, 'enable', '--no-reload', ...names);
  await systemctl(host, 'daemon-reload');
}

export const units: Step<Context> = {
  name: 'units',
  async check(context) {
    const { active, unwanted } = namesOf(context);
    const states = await unitStates(context.host, active);
    const others = await unwantedAtWork(context.host, unwanted);
    const [now, before] = [inForce(context), startedWith(context)];
    return (
      states.length === active.length &&
      others.length === 0 &&
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
    const { active, enabled, unwanted } = namesOf(context);
    // What systemd has not read yet it reads as the unit starts; what it has must be read again first.
    const stale = (await unitStates(host, OWN_UNITS)).some((unit) => unit.stale);
    if (stale) await enable(host, enabled);
    const others = await unwantedAtWork(host, unwanted);
    if (others.length > 0) await systemctl(host, 'disable', '--now', ...others);
    const states = new Map((await unitStates(host, active)).map((unit) => [unit.name, unit]));
    const [now, before] = [inForce(context), startedWith(context)];
    const running = (name: string): boolean => RUNNING.has(states.get(name)?.active ?? '');
    // Systemd started it at boot with the files as they were at the last bootstrap.
    const changed = active.filter((name) => running(name) && before[name] !== now[name]);
    const stopped = active.filter((name) => !running(name));
    // Until fetch-key runs again, the gateway that answers is the old one (`steps/ready.ts`).
    if (changed.includes(UNITS.gateway)) host.remove(layout.keyOrigin);
    if (changed.length > 0) await systemctl(host, 'restart', '--no-block', ...changed);
    if (stopped.length > 0) await systemctl(host, 'start', '--no-block', ...stopped);
    host.write(layout.startedWith, JSON.stringify(now), { mode: 0o644 });
    // The gateway starts meanwhile: this takes systemd 0.3 s.
    if (!stale) await enable(host, enabled);
  },
};

/** The running gateway has hot-applied the openclaw.json of now: no reason to restart it. */
export function rememberGateway(context: Context): void {
  const { host, layout } = context;
  const gateway = inForce(context)[UNITS.gateway] ?? '';
  const now = { ...startedWith(context), [UNITS.gateway]: gateway };
  host.write(layout.startedWith, JSON.stringify(now), { mode: 0o644 });
}
