/** Every command says how it is used. */

import type { Command } from 'commander';
import { createProgram } from '../../scripts/cli/program.ts';

const withCommands = (command: Command): readonly Command[] =>
  command.commands.length > 0 ? command.commands.flatMap(withCommands) : [command];

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  return text;
}

const program = createProgram();
const ADMINS = program.commands.filter((each) => each.name() !== 'local').flatMap(withCommands);
const placeOf = (command: Command): string =>
  command.parent ? `${placeOf(command.parent)} ${command.name()}` : command.name();

test('there are as many commands as the product has verbs', () => {
  const verbs = ['provision', 'list', 'get', 'update', 'stop', 'start', 'restart', 'rebuild'];
  const more = ['deprovision', 'plan', 'reconcile', 'import', 'logs', 'open', 'audit', 'pair'];
  expect(program.commands.map((each) => each.name())).toEqual(
    expect.arrayContaining([...verbs, ...more, 'completion']),
  );
});

test.each(ADMINS.map((command) => [placeOf(command), command] as const))(
  '%s has examples, and whatever prints JSON prints YAML',
  (place, command) => {
    const help = helpOf(command);
    expect(help).toMatch(/Examples?:\n/);
    expect(help.slice(help.indexOf('Example'))).toContain(place);
    const flags = command.options.map(({ long }) => long);
    if (flags.includes('--json')) expect(flags).toContain('--output');
  },
);
