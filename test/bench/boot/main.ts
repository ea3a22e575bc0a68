/**
 * `npm run bench:boot`: in VMs of this machine, from the start of the instance to the gateway's being ready:
 * our image beside the prototype's path on plain debian-12, everything from warm caches (issue 4). Needs root.
 * `-- --runs 5` (default 3).
 */

import { parseArgs } from 'node:util';
import { CACHE } from '../../e2e/support/stage.ts';
import { interleave, median, ratio, renderTable, verdict } from '../measure.ts';
import { type Boot, bootOurs, bootPrototype } from './boot.ts';
import { ensurePrototype } from './prototype.ts';

const TARGET = 5;

const { values } = parseArgs({ options: { runs: { type: 'string', default: '3' } } });
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const seconds = (value: number): string => `${value.toFixed(1)} s`;

/** Tells of each boot: one of the prototype's takes minutes. */
const told = (what: string, boot: () => Promise<Boot>) => async (): Promise<Boot> => {
  const done = await boot();
  say(`${what}: ${seconds(done.wall)}, processor ${seconds(done.cpu)}`);
  return done;
};

const image = await ensurePrototype({ cacheDir: CACHE, env: process.env, onProgress: say });
const OURS = 'our image';
const PROTOTYPE = 'apt, Node, npm install -g';
const samples = await interleave(
  {
    [OURS]: told(OURS, () => bootOurs()),
    [PROTOTYPE]: told(PROTOTYPE, () => bootPrototype(image)),
  },
  Number(values.runs),
);
const middle = (what: string, figure: keyof Boot): number =>
  median((samples[what] ?? []).map((boot) => boot[figure]));
const row = (what: string): { what: string; figures: string[] } => ({
  what,
  figures: [
    seconds(middle(what, 'wall')),
    ratio(middle(what, 'wall'), middle(OURS, 'wall')),
    seconds(middle(what, 'cpu')),
    ratio(middle(what, 'cpu'), middle(OURS, 'cpu')),
  ],
});
const times = middle(PROTOTYPE, 'wall') / middle(OURS, 'wall');
process.stdout.write(
  renderTable(
    `Boot to gateway ready in a local VM, median of ${values.runs}`,
    ['time', 'of ours', 'processor', 'of ours'],
    [row(OURS), row(PROTOTYPE)],
  ),
);
process.stdout.write(
  `  target: at least ${TARGET} times as fast: ${times.toFixed(1)} times, ${verdict(times >= TARGET)}\n`,
);
