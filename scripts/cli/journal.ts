/** `agents-plane logs` and `agents-plane audit`: what was written down. */

import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type AuditLine, auditAnswer, vmLog } from '../../contracts/journal.ts';
import { CLI } from '../../contracts/names.ts';
import { connect } from './client.ts';
import { type Asked, FORMATS, type Format, hint, print, printAsked, table } from './output.ts';
import { agentPath, example, pageQuery } from './verb.ts';

interface LogsOptions extends Asked {
  readonly follow?: boolean;
}

/** Milliseconds between two looks; Google answers a few of them a second. */
const FOLLOW_MS = 2000;

/** What may be on a serial port and must not reach a terminal: all but lines and tabs. */
const plain = (text: string): string =>
  text.replace(/\p{Cc}\[[0-9;?]*[A-Za-z]/gu, '').replace(/(?![\n\t])\p{Cc}/gu, '');

async function logs(name: string, { follow, ...asked }: LogsOptions): Promise<void> {
  const client = await connect(process.env);
  let from = '0';
  do {
    const path = `${agentPath(name, 'logs')}?from=${from}`;
    const part = vmLog.parse((await client.call('GET', path)).body);
    // One document a look: JSON a line, YAML between lines of dashes.
    if (follow && asked.output === 'yaml') process.stdout.write('---\n');
    if (!printAsked(part, asked)) process.stdout.write(plain(part.text));
    if (!follow && part.text === '') hint(`nothing yet; ${CLI} get ${name} says why`);
    from = part.next;
    if (follow) await sleep(FOLLOW_MS);
  } while (follow);
}

interface AuditOptions {
  readonly agent?: string;
  readonly since?: string;
  readonly limit: number;
  readonly output: Format;
  readonly json?: boolean;
}

const HEAD = ['AT', 'WHO', 'WHAT', 'AGENT', 'OUTCOME', 'CHANGE'];

const facets = (all: AuditLine['after']): string =>
  Object.entries(all ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');

function rowOf({ at, who, what, agent, audit, outcome, before, after }: AuditLine) {
  const [was, is] = [facets(before), facets(after)];
  const change = was && is ? `${was} -> ${is}` : was || is;
  return [at.slice(0, 19), who ?? '?', what, agent ?? '', outcome ?? audit, change];
}

async function audit({ agent, since, limit, output, json }: AuditOptions): Promise<void> {
  const client = await connect(process.env);
  const asked = { ...(agent && { agent }), ...(since && { since }) };
  const lines: AuditLine[] = [];
  let token: string | undefined;
  do {
    const pageSize = String(Math.min(limit - lines.length, 1000));
    const { body } = await client.call(
      'GET',
      `/v1/audit${pageQuery(token, { ...asked, pageSize })}`,
    );
    const page = auditAnswer.parse(body);
    lines.push(...page.lines);
    token = page.nextPageToken;
  } while (token !== undefined && lines.length < limit);
  if (json || output !== 'table') return print({ lines }, json || output === 'json');
  if (lines.length === 0) return hint('no change and no refusal; see --help for what can be asked');
  process.stdout.write(table(HEAD, lines.map(rowOf)));
}

const LIMIT = (text: string): number => {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError('give how many lines, like 100.');
};

export function addJournal(program: Command): void {
  program
    .command('logs <agent>')
    .description("Print what its VM wrote to its serial port: the boot and the units' journal.")
    .option('-f, --follow', 'go on until Ctrl-C')
    .option('--json', 'print JSON')
    .addHelpText('after', example('logs allison', 'logs allison --follow'))
    .action(logs);
  program
    .command('audit')
    .description('Who changed what, and who was refused; newest first.')
    .option('--agent <name>', 'only what is about it')
    .option('--since <time>', 'nothing older, e.g. 2026-11-20T00:00:00Z')
    .option('--limit <lines>', 'at most so many', LIMIT, 100)
    .addOption(new Option('-o, --output <format>', 'how').choices([...FORMATS]).default('table'))
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      example('audit', 'audit --agent allison --since 2026-11-20T00:00:00Z -o yaml'),
    )
    .action(audit);
}
