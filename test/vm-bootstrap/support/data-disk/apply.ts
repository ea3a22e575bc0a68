/**
 * Runs bootstrap's data disk step twice, as root, in the mount namespace it is started in.
 *   apply.ts DEVICE DIRECTORY NOTE
 * Leaves NOTE in a file on the disk and prints what it saw as one JSON object.
 */

import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { layoutOf } from '../../../../vm-bootstrap/core/layout.ts';
import { machineHost } from '../../../../vm-bootstrap/host.ts';
import { dataDisk } from '../../../../vm-bootstrap/steps/data-disk.ts';
import { converge } from '../../../../vm-bootstrap/steps/step.ts';

export interface Seen {
  /** Names of the steps that did something, of each of the two runs. */
  readonly applied: readonly (readonly string[])[];
  readonly refusal?: string;
  /** Lines of /etc/fstab that name the device. */
  readonly table: readonly string[];
  /** The mount's options, as the kernel has them. */
  readonly mounted: string;
  /** Every note on the disk, this boot's included. */
  readonly notes: string;
}

const [dataDevice = '', data = '', note = ''] = process.argv.slice(2);
const host = machineHost({ env: process.env, uid: process.getuid?.() ?? -1, log: () => {} });
const machine = { host, layout: { ...layoutOf(''), dataDevice, data }, templates: {} };

const applied: string[][] = [];
let refusal: string | undefined;
try {
  applied.push(await converge([dataDisk], machine), await converge([dataDisk], machine));
} catch (error) {
  refusal = (error as Error).message;
}
const lines = (path: string, word: string): string[] =>
  (existsSync(path) ? readFileSync(path, 'utf8') : '')
    .split('\n')
    .filter((line) => line.includes(word));
const mounted = lines('/proc/self/mounts', ` ${data} `).join();
const notes = join(data, 'notes');
if (mounted !== '') appendFileSync(notes, `${note}\n`);
const seen: Seen = {
  applied,
  ...(refusal !== undefined && { refusal }),
  table: lines('/etc/fstab', dataDevice),
  mounted,
  notes: mounted === '' ? '' : readFileSync(notes, 'utf8'),
};
process.stdout.write(`${JSON.stringify(seen)}\n`);
