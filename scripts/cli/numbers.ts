/** `agents-plane numbers`: the pool of WhatsApp numbers for agents in mode dedicated. */

import type { Command } from 'commander';
import { CLI } from '../../contracts/names.ts';
import { type NumberList, numberList } from '../../contracts/number-pool.ts';
import { connect } from './client.ts';
import { type Asked, hint, printAsked, table } from './output.ts';
import { example, insist } from './verb.ts';

async function ask(method: string, path: string, body?: object): Promise<NumberList> {
  const client = await connect(process.env);
  return numberList.parse((await insist(client, method, path, body)).body);
}

function show(list: NumberList, asked: Asked): void {
  if (printAsked(list, asked)) return;
  const rows = list.numbers.map(({ number, state, agent = '', freeFrom = '' }) => [
    ...[number, state, agent || freeFrom],
  ]);
  process.stdout.write(table(['NUMBER', 'STATE', 'AGENT OR FREE FROM'], rows));
  const free = list.numbers.filter(({ state }) => state === 'free').length;
  hint(`${free} free; an agent gets one with: ${CLI} provision --mode dedicated`);
}

export function addNumberCommands(program: Command): void {
  const numbers = program
    .command('numbers')
    .description('The pool of WhatsApp numbers for agents in mode dedicated.');
  numbers
    .command('list')
    .description('Show them, masked.')
    .option('--whole', 'show the whole numbers (admins only)')
    .option('--json', 'print JSON')
    .addHelpText('after', example('numbers list', 'numbers list --json'))
    .action(async (options: Asked & { whole?: boolean }) =>
      show(await ask('GET', options.whole ? '/v1/numbers/whole' : '/v1/numbers'), options),
    );
  numbers
    .command('add <number...>')
    .description('Put numbers into the pool: all of them, or none when one is no number.')
    .option('--json', 'print JSON')
    .addHelpText('after', example('numbers add +15559876543 +15559876544'))
    .action(async (given: string[], options: Asked) =>
      show(await ask('POST', '/v1/numbers', { numbers: given }), options),
    );
  numbers
    .command('release <number>')
    .description('Make a number free at once that no agent uses.')
    .option('--remove', 'take it out of the pool instead')
    .option('--json', 'print JSON')
    .addHelpText('after', example('numbers release +15559876543 --remove'))
    .action(async (number: string, options: Asked & { remove?: boolean }) => {
      const body = { number, remove: options.remove === true };
      show(await ask('POST', '/v1/numbers/release', body), options);
    });
}
