/** `agents-plane completion`: what the shell may offer, read off the commands themselves. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Argument, type Command } from 'commander';
import { example } from './verb.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
const fileOf = (shell: (typeof SHELLS)[number]): string =>
  readFileSync(join(import.meta.dirname, `completion/agents-plane.${shell}`), 'utf8');

/** `place<tab>words`, a line for every command and for every option with a value; words are none where anything goes. */
function completionTable(command: Command, place = command.name()): readonly string[] {
  const flags = [...command.options.flatMap(({ long }) => long ?? []), '--help'];
  const commands = command.commands.map((each) => each.name());
  const values = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  const valued = command.options.filter(({ required, optional }) => required || optional);
  const choices = valued.flatMap(({ long, short, argChoices = [] }) =>
    [long, short].flatMap((flag) => (flag ? [`${place} ${flag}\t${argChoices.join(' ')}`] : [])),
  );
  return [
    `${place}\t${[...commands, ...values, ...flags].join(' ')}`,
    ...choices,
    ...command.commands.flatMap((each) => completionTable(each, `${place} ${each.name()}`)),
  ];
}

export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('Print what makes the shell complete commands and options.')
    .addArgument(new Argument('<shell>', 'yours').choices(SHELLS))
    .addHelpText('after', example('completion bash', 'completion zsh', 'completion fish'))
    .action((shell: (typeof SHELLS)[number]) => {
      const table = completionTable(program).join('\n');
      process.stdout.write(fileOf(shell).replace('@TABLE@', () => table));
    });
}
