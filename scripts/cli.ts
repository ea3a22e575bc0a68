/** `npx agents-plane ...`: the admin's commands, and the local plane's. */

import { Command, Option } from 'commander';
import { agent as agentSchema, pairingLink } from '../contracts/agent.ts';
import { PROFILES, WHATSAPP_MODES } from '../contracts/config-document.ts';
import type { ExecResult } from '../local/machine.ts';
import { callControl } from '../local/plane/control.ts';
import { connect } from './cli/client.ts';
import { addFleetCommands } from './cli/fleet.ts';
import { addImport } from './cli/import.ts';
import { addList } from './cli/list.ts';
import { startLocal } from './cli/local.ts';
import { hint, print } from './cli/output.ts';
import { controlSocket } from './cli/paths.ts';
import { addPhoneCommands } from './cli/phone.ts';
import { addReconcile } from './cli/reconcile.ts';
import { coloursFor } from './ui/colours.ts';
import { describeFailure } from './ui/failure.ts';
import { untilInterrupted } from './ui/interruption.ts';

interface ProvisionOptions {
  readonly user: string;
  readonly phone?: string;
  readonly whatsappNumber?: string;
  readonly mode?: string;
  readonly model?: string;
  readonly budget?: string;
  readonly profile?: string;
  readonly timezone?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** The request body: only what was given, so that the plane's defaults hold. */
function requestBody(options: ProvisionOptions): object {
  const { whatsappNumber, mode, model, budget, profile, timezone } = options;
  return {
    user: options.user,
    ...(options.phone && { userPhone: options.phone }),
    ...(whatsappNumber && { whatsappNumber }),
    ...(mode && { whatsapp: { mode } }),
    ...(model && { model }),
    // A number when it is one; else as typed, for the plane to explain.
    ...(budget && { budget: Number.isNaN(Number(budget)) ? budget : Number(budget) }),
    ...(profile && { profile }),
    ...(timezone && { timezone }),
  };
}

async function provision(options: ProvisionOptions): Promise<void> {
  const client = await connect(process.env);
  const path = options.dryRun ? '/v1/agents?dryRun=true' : '/v1/agents';
  const { status, body } = await client.call('POST', path, requestBody(options));
  print(body, options.json);
  if (options.dryRun || options.json) return;
  const { name } = agentSchema.parse(body);
  const next =
    status === 202 ? `follow it with: npx agents-plane get ${name}` : 'nothing to change';
  hint(next);
}

async function exec(machine: string, argv: string[]): Promise<void> {
  const answer = await callControl(controlSocket(process.env), '/exec', { machine, argv });
  const { code, stdout, stderr } = answer as ExecResult;
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = code;
}

const program = new Command('agents-plane')
  .description('A private AI agent for every person of an organisation.')
  .showHelpAfterError('(see --help)')
  .addHelpText(
    'after',
    `
Examples:
  agents-plane provision --user allison@nine30.com --phone +15551234567
  agents-plane get allison --json
  agents-plane pair allison
  agents-plane list --state failed
  agents-plane update allison --budget 80
  agents-plane deprovision allison --purge --dry-run
  agents-plane local exec agent-allison -- systemctl status openclaw-gateway
  agents-plane bridge --help    (an agent on the official WhatsApp API)

Without AGENTS_PLANE_URL the commands go to the local plane (./scripts/demo).`,
  );

program
  .command('provision')
  .description('Create an agent, or bring one to what is asked for. Safe to repeat.')
  .requiredOption('--user <email>', 'the owner')
  .option(
    '--phone <e164>',
    "the owner's phone, e.g. +15551234567 (default: as the directory has it)",
  )
  .option('--whatsapp-number <e164>', "the agent's own number")
  .addOption(
    new Option('--mode <mode>', 'how the agent is on WhatsApp').choices([...WHATSAPP_MODES]),
  )
  .option('--model <model>', 'e.g. anthropic/claude-sonnet-4-6')
  .option('--budget <usd>', 'USD a month')
  .addOption(new Option('--profile <profile>', 'what the agent is for').choices([...PROFILES]))
  .option('--timezone <zone>', 'e.g. Europe/Vienna')
  .option('--dry-run', 'print the plan, touch nothing')
  .option('--json', 'print JSON')
  .action(provision);

program
  .command('get <name>')
  .description('Show one agent.')
  .option('--json', 'print JSON')
  .action(async (name: string, options: { json?: boolean }) => {
    const client = await connect(process.env);
    print((await client.call('GET', `/v1/agents/${encodeURIComponent(name)}`)).body, options.json);
  });

addList(program);
addImport(program);
addFleetCommands(program);
addReconcile(program);

program
  .command('pair <name>')
  .description("Print a link to the page on which the agent's WhatsApp is linked.")
  .option('--replace', 'kill the links that were given out before')
  .option('--json', 'print JSON')
  .action(async (name: string, options: { replace?: boolean; json?: boolean }) => {
    const client = await connect(process.env);
    const path = `/v1/agents/${encodeURIComponent(name)}/pairing-link`;
    const { body } = await client.call('POST', path, { replace: options.replace === true });
    if (options.json) return print(body, true);
    const { url, expires } = pairingLink.parse(body);
    process.stdout.write(`${url}\n`);
    hint(`for whoever holds the phone; works until ${expires}`);
  });

const local = program.command('local').description('Google Cloud on this machine.');

local
  .command('start')
  .description('Run the emulated Google APIs alone, until Ctrl-C.')
  .option('--port <port>', 'REST port (default: any free one)')
  .option('--env', 'print the environment for Node clients and gcloud as export lines')
  .action((options: { port?: string; env?: boolean }) => startLocal(options, untilInterrupted()));

local
  .command('exec <machine> <command...>')
  .description("Run a command as root on a running demo's VM (like ssh).")
  .action(exec);

addPhoneCommands(local);

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${coloursFor(process.stderr).red(describeFailure(error))}\n`);
  process.exitCode = 1;
});
