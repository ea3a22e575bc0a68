/**
 * `npm run bench:fleet`: a list of 5,000 agents, and an import of 1,000 people on a clock that runs
 * as real ones do (a quarter of an hour), each beside its bound. `-- --people 100` imports fewer;
 * `-- --speed 4` makes quotas, queue and distances so many times as fast, not the processor.
 */

import { parseArgs } from 'node:util';
import { renderTable, verdict } from '../measure.ts';
import { benchImport } from './import.ts';
import { benchList } from './list.ts';

const { values } = parseArgs({
  options: {
    people: { type: 'string', default: '1000' },
    agents: { type: 'string', default: '5000' },
    speed: { type: 'string', default: '1' },
  },
});
const say = (line: string): void => void process.stderr.write(`\r${line.padEnd(60)}`);
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const mb = (value: number | undefined): string => `${(value ?? Number.NaN).toFixed(0)} MB`;

say(`a fleet of ${values.agents} is made`);
const listed = await benchList(Number(values.agents));
const most = Math.ceil(listed.agents / 500) * 3;
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
      { what: 'calls', figures: [`${listed.calls}`, `${most}`, verdict(listed.calls <= most)] },
    ],
  ),
);

const people = Number(values.people);
const done = await benchImport(people, Number(values.speed), say);
const failed = done.outcomes.filter(({ outcome }) => outcome !== 'created').length;
const times = done.ms / done.bound.ms;
const TIMES = 1.3;
// What the clients take when they are first used is not growth.
const settled = done.memory.slice(Math.floor(done.memory.length / 4));
const growth = Math.max(...settled.slice(-3)) - Math.min(...settled.slice(0, 3));
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
      {
        what: 'memory of the function',
        figures: [`${mb(settled[0])} to ${mb(settled.at(-1))}`, '+20 MB', verdict(growth < 20)],
      },
    ],
  )}`,
);
