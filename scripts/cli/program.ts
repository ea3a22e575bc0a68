/** Every command of the CLI: the admin's, and the local plane's. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { PlaneError } from '../../contracts/errors.ts';
import { CLI } from '../../contracts/names.ts';
import type { ExecResult } from '../../local/machine.ts';
import { callControl } from '../../local/plane/control.ts';
import { untilInterrupted } from '../ui/interruption.ts';
import { connect } from './client.ts';
import { addCompletion } from './completion.ts';
import { failureAsJson } from './failure.ts';
import { addFleetCommands } from './fleet.ts';
import { addImport } from './import.ts';
import { addJournal } from './journal.ts';
import { addList } from './list.ts';
import type { LocalStartOptions } from './local.ts';
import { addNumberCommands } from './numbers.ts';
import { addOpen, addPair } from './open.ts';
import { addFormats, print } from './output.ts';
import { controlSocket } from './paths.ts';
import { addPhoneCommands } from './phone.ts';
import { addProvision } from './provision.ts';
import { addReconcile } from './reconcile.ts';
import { addSchema } from './schema.ts';
import { addSync } from './sync.ts';
import { SIGNING_IN } from './target.ts';
import { agentPath, example } from './verb.ts';
import { addWhatsappCommands } from './whatsapp.ts';

function writeAsJson(text: string): void {
  const message = text.replace(/^error: /, '').trim();
  process.stderr.write(`${failureAsJson(new PlaneError('INVALID_ARGUMENT', message))}\n`);
}

/** Google's servers, all of them, are read by the one command that runs them: the others start in a third of the time. */
async function startLocal(options: LocalStartOptions): Promise<void> {
  const interrupted = untilInterrupted();
  const local = await import('./local.ts');
  await local.startLocal(options, interrupted);
}

async function exec(machine: string, argv: string[]): Promise<void> {
  const answer = await callControl(controlSocket(process.env), '/exec', { machine, argv });
  const { code, stdout, stderr } = answer as ExecResult;
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = code;
}

const versionOf = (): string =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')).version;

/**
 * Made, and not begun.
 * @param json whether what is wrong with the words is told as JSON
 */
export function createProgram(json = false): Command {
  const program = new Command('agents-plane')
    .description('A private AI agent for every person of an organisation.')
    .version(versionOf(), '-V, --version', 'print the version')
    .showHelpAfterError(json ? false : '(see --help)')
    .configureOutput({ outputError: json ? writeAsJson : (text, write) => write(text) })
    .addHelpText(
      'after',
      `
Examples:
  ${CLI} provision --user allison@nine30.com --phone +15551234567
  ${CLI} get allison --json
  ${CLI} pair allison
  ${CLI} list --state failed
  ${CLI} update allison --budget 80
  ${CLI} deprovision allison --purge --dry-run
  ${CLI} whatsapp connect allison < number.json
  ${CLI} audit --agent allison
  eval "$(${CLI} completion bash)"
  ${CLI} local exec agent-allison -- systemctl status openclaw-gateway
  ${CLI} bridge --help    (an agent on the official WhatsApp API)

${SIGNING_IN}`,
    );

  addProvision(program);

  program
    .command('get <agent>')
    .description('Show one agent.')
    .option('--json', 'print JSON')
    .addHelpText('after', example('get allison', 'get allison -o json'))
    .action(async (name: string, options: { json?: boolean }) => {
      const client = await connect(process.env);
      print((await client.call('GET', agentPath(name))).body, options.json);
    });

  addList(program);
  addImport(program);
  addFleetCommands(program);
  addReconcile(program);
  addSync(program);
  addSchema(program);
  addNumberCommands(program);
  addWhatsappCommands(program);
  addJournal(program);
  addOpen(program);
  addPair(program);

  const local = program.command('local').description('Google Cloud on this machine.');

  local
    .command('start')
    .description('Run the emulated Google APIs alone, until Ctrl-C.')
    .option('--port <port>', 'REST port (default: any free one)')
    .option('--env', 'print the environment for Node clients and gcloud as export lines')
    .action(startLocal);

  local
    .command('exec <machine> <command...>')
    .description('Run a command as root on the VM of an agent of the running demo (like ssh).')
    .action(exec);

  addPhoneCommands(local);

  addCompletion(program);
  addFormats(program);
  return program;
}
