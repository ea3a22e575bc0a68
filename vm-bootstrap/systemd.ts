/** What systemd says and does, by `systemctl`. */

import { PlaneError } from '../contracts/plane-error.ts';
import type { Host } from './host.ts';

/** @returns standard output. @throws PlaneError INTERNAL with systemctl's complaint. */
export async function systemctl(host: Host, ...args: readonly string[]): Promise<string> {
  const result = await host.exec(['systemctl', ...args]);
  if (result.code !== 0) {
    const complaint = result.stderr.trim().slice(0, 300);
    throw new PlaneError('INTERNAL', `systemctl ${args[0]} failed: ${complaint}`);
  }
  return result.stdout;
}

export interface UnitState {
  readonly name: string;
  /** ActiveState: `active`, `activating`, `failed`, ... */
  readonly active: string;
  /** SubState: what active means for its kind (`running`, `listening`, `waiting`, `exited`). */
  readonly sub: string;
  /** UnitFileState. */
  readonly enabled: string;
  /** The file on the disk is newer than what systemd loaded. */
  readonly stale: boolean;
}

const PROPERTIES = 'Id,ActiveState,SubState,UnitFileState,NeedDaemonReload';

/** `systemctl show` prints one block of KEY=value lines a unit, blocks apart by an empty line. */
export async function unitStates(host: Host, names: readonly string[]): Promise<UnitState[]> {
  const shown = await systemctl(host, 'show', `--property=${PROPERTIES}`, ...names);
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
        sub: fields.get('SubState') ?? '',
        enabled: fields.get('UnitFileState') ?? '',
        stale: fields.get('NeedDaemonReload') === 'yes',
      };
    });
}
