/** `agents-plane provision`. */

import { type Command, Option } from 'commander';
import { agent as agentSchema } from '../../contracts/agent.ts';
import { PROFILES, WHATSAPP_MODES } from '../../contracts/config-document.ts';
import { CLI } from '../../contracts/names.ts';
import { connect } from './client.ts';
import { hint, print } from './output.ts';
import { example, insist, showPlan } from './verb.ts';
import { ASK_PHONE, numberOr, whatsappBody } from './whatsapp-options.ts';

interface ProvisionOptions {
  readonly user: string;
  readonly phone?: string;
  readonly whatsappNumber?: string;
  readonly mode?: string;
  readonly askPhone?: string;
  readonly model?: string;
  readonly budget?: string;
  readonly profile?: string;
  readonly timezone?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** The request body: only what was given, so that the plane's defaults hold. */
function requestBody(options: ProvisionOptions): object {
  const { whatsappNumber, mode, askPhone, model, budget, profile, timezone } = options;
  return {
    user: options.user,
    ...(options.phone && { userPhone: options.phone }),
    ...(whatsappNumber && { whatsappNumber }),
    ...((mode || askPhone) && { whatsapp: whatsappBody(mode, askPhone) }),
    ...(model && { model }),
    ...(budget && { budget: numberOr(budget) }),
    ...(profile && { profile }),
    ...(timezone && { timezone }),
  };
}

async function provision(options: ProvisionOptions): Promise<void> {
  const client = await connect(process.env);
  const path = options.dryRun ? '/v1/agents?dryRun=true' : '/v1/agents';
  const { status, body } = await insist(client, 'POST', path, requestBody(options));
  print(body, options.json);
  if (options.json) return;
  if (options.dryRun) return showPlan(body);
  const { name } = agentSchema.parse(body);
  const next = status === 202 ? `follow it with: ${CLI} get ${name}` : 'nothing to change';
  hint(next);
}

export function addProvision(program: Command): void {
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
    .option('--ask-phone <minutes>', ASK_PHONE)
    .option('--model <model>', 'e.g. anthropic/claude-sonnet-4-6')
    .option('--budget <usd>', 'USD a month')
    .addOption(new Option('--profile <profile>', 'what the agent is for').choices([...PROFILES]))
    .option('--timezone <zone>', 'e.g. Europe/Vienna')
    .option('--dry-run', 'print the plan, touch nothing')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      example(
        'provision --user allison@nine30.com --phone +15551234567',
        'provision --user bo@nine30.com --dry-run -o json',
      ),
    )
    .action(provision);
}
