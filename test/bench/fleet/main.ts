/**
 * `npm run bench:fleet`: a list of 5,000 agents, and an import of 1,000 people on a clock that runs
 * as real ones do (a quarter of an hour), each beside its bound. `-- --people 100` imports fewer;
 * `-- --speed 4` makes quotas, queue and distances so many times as fast, not the processor.
 * `-- --round 1000` measures a round of reconcile over so many agents instead (21 minutes).
 */

import { parseArgs } from 'node:util';
import { runtime } from '../../../local/plane/infra.ts';
import { renderTable, verdict } from '../measure.ts';
import { benchImport, peaks, type Sample } from './import.ts';
import { benchList } from './list.ts';
import { benchRound } from './round.ts';

const { values } = parseArgs({
  options: {
    people: { type: 'string', default: '1000' },
    agents: { type: 'string', default: '5000' },
    speed: { type: 'string', default: '1' },
    round: { type: 'string' },
  },
});
const say = (line: string): void => void process.stderr.write(`\r${line.padEnd(60)}`);
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const mb = (value: number): string => `${value.toFixed(0)} MB`;

if (values.round !== undefined) {
  await showRound(Number(values.round));
  process.exit();
}

say(`a fleet of ${values.agents} is made`);
const listed = await benchList(Number(values.agents));
const callsAtMost = Math.ceil(listed.agents / 500) * 3;
const [cold, warm] = listed.ms;
const LIST_MS = 2000;
process.stdout.write(
  renderTable(
    `list of ${listed.agents} agents, 100 ms a call`,
    ['figure', 'bound', ''],
    [
      { what: 'time, warm', figures: [seconds(warm), seconds(LIST_MS), verdict(warm < LIST_MS)] },
      {
        what: 'time, the first',
        figures: [seconds(cold), seconds(LIST_MS), verdict(cold < LIST_MS)],
      },
      {
        what: 'calls',
        figures: [`${listed.calls}`, `${callsAtMost}`, verdict(listed.calls <= callsAtMost)],
      },
    ],
  ),
);

const people = Number(values.people);
const done = await benchImport(people, Number(values.speed), say);
const failed = done.outcomes.filter(({ outcome }) => outcome !== 'created').length;
const times = done.ms / done.bound.ms;
const TIMES = 1.3;
/** Flat: what the second half of the people take at most, over the first half's most. */
const GROWTH = 1.1;
const memory = peaks(done.memory, people, [0.1, 0.25, 0.5, 0.75, 1]);
const most = (part: readonly Sample[]): number =>
  Math.max(...part.map(({ megabytes }) => megabytes));
const growth = most(memory.slice(3)) / most(memory.slice(0, 3));
const room = Number.parseInt(runtime().memory, 10);
process.stdout.write(
  `\n${renderTable(
    `import of ${people} people, 100 ms a call, a real project's quotas`,
    ['figure', 'bound', ''],
    [
      {
        what: 'time',
        figures: [seconds(done.ms), `${seconds(done.bound.ms)} (${done.bound.name})`, ''],
      },
      { what: 'times the bound', figures: [times.toFixed(2), `${TIMES}`, verdict(times <= TIMES)] },
      { what: 'failures left', figures: [`${failed}`, '0', verdict(failed === 0)] },
      {
        what: 'VMs',
        figures: [`${done.machines}`, `${people}`, verdict(done.machines === people)],
      },
      { what: 'calls refused for a quota', figures: [`${done.refused}`, '', ''] },
      ...memory.map((each) => ({
        what: `memory up to person ${each.people}`,
        figures: [mb(each.megabytes), mb(room), verdict(each.megabytes <= room)],
      })),
      {
        what: 'the second half over the first',
        figures: [growth.toFixed(2), `${GROWTH}`, verdict(growth <= GROWTH)],
      },
    ],
  )}`,
);

async function showRound(agents: number): Promise<void> {
  const { ms, reads, refused, calls, pages } = await benchRound(agents, Number(values.speed), say);
  process.stdout.write(
    `\n${renderTable(
      `a round of reconcile over ${agents} agents, 100 ms a call, a real project's quotas`,
      ['figure', 'bound', ''],
      [
        {
          what: 'time',
          figures: [seconds(ms), '3600.0 s (the next one begins)', verdict(ms < 3_600_000)],
        },
        {
          what: 'reads of Secret Manager in the fullest minute',
          figures: [`${reads}`, '600', verdict(reads <= 600)],
        },
        { what: 'calls refused for a quota', figures: [`${refused}`, '0', verdict(refused === 0)] },
        { what: 'calls', figures: [`${calls}`, '', ''] },
        { what: 'pages', figures: [`${pages}`, `${Math.ceil(agents / 20)}`, ''] },
      ],
    )}`,
  );
}
