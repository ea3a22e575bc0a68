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

const CHANGING = [
  ...['provision', 'update', 'stop', 'start', 'restart', 'rebuild', 'deprovision'],
  ...['reconcile', 'import', 'sync', 'whatsapp connect', 'whatsapp disconnect'],
];

test.each(CHANGING)('%s can be tried without doing it, and speaks JSON', (name) => {
  const command = ADMINS.find((each) => placeOf(each) === `agents-plane ${name}`);
  const flags = command?.options.map(({ long }) => long);
  expect(flags).toEqual(expect.arrayContaining(['--dry-run', '--json']));
});

test('an agent is called the same wherever one is named, and no example leaves out what it needs', () => {
  const names = ADMINS.flatMap(({ registeredArguments }) =>
    registeredArguments.map((it) => it.name()),
  );
  expect(names).not.toContain('name');
  const update = ADMINS.find((each) => each.name() === 'update');
  expect(update && helpOf(update)).not.toMatch(/update allison\n/);
});
