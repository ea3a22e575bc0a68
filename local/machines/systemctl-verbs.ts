/** What `systemctl` does in a machine without systemd: its arguments -> calls of the supervisor. */

import type { ExecResult } from '../machine.ts';
import type { Supervisor } from './supervisor.ts';

const OK: ExecResult = { code: 0, stdout: '', stderr: '' };
/** systemctl(1), "Exit status": not active, and no such unit. */
const NOT_ACTIVE = 3;
const NO_SUCH_UNIT = 5;

function say(lines: readonly string[], code = 0): ExecResult {
  return { code, stdout: lines.map((line) => `${line}\n`).join(''), stderr: '' };
}

function show(supervisor: Supervisor, units: readonly string[], options: readonly string[]) {
  const at = options.indexOf('-p');
  const given = at < 0 ? options.find((option) => option.startsWith('--property=')) : undefined;
  const wanted = at < 0 ? given?.slice('--property='.length) : options[at + 1];
  const names = wanted?.split(',');
  // One block a unit, blocks apart by an empty line.
  const lines = units.flatMap((unit, index) => [
    ...(index > 0 ? [''] : []),
    ...Object.entries(supervisor.properties(unit))
      .filter(([key]) => names === undefined || names.includes(key))
      .map(([key, text]) => (options.includes('--value') ? text : `${key}=${text}`)),
  ]);
  return say(lines);
}

async function change(
  supervisor: Supervisor,
  verb: string,
  units: readonly string[],
  options: readonly string[],
): Promise<ExecResult> {
  const missing = units.filter((unit) => !supervisor.exists(unit));
  if (missing.length > 0) {
    return { code: NO_SUCH_UNIT, stdout: '', stderr: `Unit ${missing.join(' ')} not found.\n` };
  }
  const jobs = units.map(async (unit) => {
    if (verb === 'enable') supervisor.enable(unit);
    if (verb === 'disable') supervisor.disable(unit);
    if (verb === 'stop' || (verb === 'disable' && options.includes('--now'))) {
      await supervisor.stop(unit);
    }
    if (verb === 'start' || (verb === 'enable' && options.includes('--now'))) {
      return await supervisor.start(unit);
    }
    const active = supervisor.isActive(unit);
    if (verb === 'restart' || (verb === 'try-restart' && active)) {
      return await supervisor.restart(unit);
    }
    return true;
  });
  if (options.includes('--no-block')) return OK;
  const done = await Promise.all(jobs);
  const failed = units.filter((_, index) => !done[index]);
  if (failed.length === 0) return OK;
  return { code: 1, stdout: '', stderr: `Job for ${failed.join(' ')} failed.\n` };
}

/**
 * Runs one systemctl command line (without the program's name): start, stop, restart,
 * try-restart, enable, disable (with --now, --no-block), is-active, is-failed, is-enabled,
 * show (-p, --value), daemon-reload, reset-failed. Others fail with code 1.
 */
export async function systemctl(
  supervisor: Supervisor,
  argv: readonly string[],
): Promise<ExecResult> {
  const options = argv.filter((word, index) => word.startsWith('-') || argv[index - 1] === '-p');
  const [verb = '', ...units] = argv.filter((word) => !options.includes(word));
  switch (verb) {
    case 'daemon-reload':
    case 'reset-failed':
      return OK;
    case 'is-active':
      return say(
        options.includes('--quiet') ? [] : units.map((unit) => supervisor.state(unit)),
        units.some((unit) => supervisor.state(unit) === 'active') ? 0 : NOT_ACTIVE,
      );
    case 'is-failed': {
      const states = units.map((unit) => supervisor.state(unit));
      return say(states, states.includes('failed') ? 0 : 1);
    }
    case 'is-enabled': {
      const enabled = units.map((unit) => supervisor.isEnabled(unit));
      return say(
        enabled.map((yes) => (yes ? 'enabled' : 'disabled')),
        enabled.includes(true) ? 0 : 1,
      );
    }
    case 'show':
      return show(supervisor, units, options);
    case 'start':
    case 'stop':
    case 'restart':
    case 'try-restart':
    case 'enable':
    case 'disable':
      return await change(supervisor, verb, units, options);
    default:
      return { code: 1, stdout: '', stderr: `systemctl ${verb} is not known to the stand-in\n` };
  }
}
