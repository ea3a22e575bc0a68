/** `agents-plane import`. */

import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { PlaneError } from '../../contracts/errors.ts';
import { CLI } from '../../contracts/names.ts';
import { createBar } from '../ui/bar.ts';
import { check, importRows, type Outcome } from './bulk.ts';
import { connect } from './client.ts';
import { type Asked, hint, printAsked, table } from './output.ts';
import { example, type VerbOptions } from './verb.ts';

const LATER = {
  create: 'would be created',
  change: 'would be changed',
  nothing: 'is as asked for',
};

function show(
  people: readonly object[],
  head: readonly string[],
  rows: readonly string[][],
  asked: Asked,
) {
  if (!printAsked({ people }, asked)) process.stdout.write(table(head, rows));
}

function report(outcomes: readonly Outcome[], asked: Asked): void {
  const rows = outcomes.map(({ at, user, outcome, agent, reason }) => [
    ...[at, user, outcome, reason ?? agent ?? ''],
  ]);
  show(outcomes, ['WHERE', 'USER', 'OUTCOME', 'AGENT OR REASON'], rows, asked);
  const failed = outcomes.filter(({ outcome }) => outcome === 'failed').length;
  const mended = `${failed} of ${outcomes.length} failed; mend them and run the same import again`;
  hint(failed === 0 ? `everybody is as asked for; see them with: ${CLI} list` : mended);
  if (failed > 0) process.exitCode = 1;
}

async function run(file: string, { dryRun, ...asked }: VerbOptions): Promise<void> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new PlaneError('NOT_FOUND', `${file} cannot be read`, { cause });
  });
  // The reader of CSV is read by this command alone.
  const { readPeopleFile } = await import('./people-file.ts');
  const rows = readPeopleFile(file, text);
  const client = await connect(process.env);
  if (!dryRun) {
    const bar = createBar(process.stderr, rows.length);
    return report(await importRows({ client, bar }, rows), asked);
  }
  const looked = (await check(client, rows)).map(({ row, it }) => ({ at: row.at, ...it }));
  const shown = looked.map(({ at, user, takes }) => [at, user, LATER[takes]]);
  show(looked, ['WHERE', 'USER', 'WITHOUT --dry-run'], shown, asked);
}

export function addImport(program: Command): void {
  program
    .command('import <file>')
    .description('Give many people agents. The whole file is checked first; run it again to go on.')
    .option('--dry-run', 'check every line, say what it would take, touch nothing')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
The file is CSV with a header line (user, phone, and any of whatsappNumber, mode, askPhone, model,
budget, profile, timezone), or a JSON list of what \`POST /v1/agents\` takes.
${example('import people.csv --dry-run', 'import people.csv', 'import people.json --json')}`,
    )
    .action(run);
}
