/** The commands that change an agent: `update`, `stop`, ..., `deprovision`. */

import { randomUUID } from 'node:crypto';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { PROFILES, WHATSAPP_MODES } from '../../contracts/config-document.ts';
import { PlaneError } from '../../contracts/errors.ts';
import { receipt } from '../../contracts/lifecycle.ts';
import { CLI } from '../../contracts/names.ts';
import { confirmByTyping } from '../ui/confirm.ts';
import { connect } from './client.ts';
import { hint, print } from './output.ts';
import { addVerb, agentPath, ask, insist, showPlan, type VerbOptions } from './verb.ts';
import { ASK_PHONE, whatsappBody } from './whatsapp-options.ts';

const BUDGET = (text: string): number => {
  const number = Number(text);
  if (!Number.isFinite(number)) throw new InvalidArgumentError('give USD a month, like 50.');
  return number;
};

interface UpdateOptions extends VerbOptions {
  readonly phone?: string;
  /** False: `--no-whatsapp-number`. */
  readonly whatsappNumber?: string | false;
  readonly mode?: string;
  /** False: `--no-ask-phone`. */
  readonly askPhone?: string | false;
  readonly model?: string;
  readonly budget?: number;
  readonly profile?: string;
  readonly timezone?: string;
}

async function update(name: string, options: UpdateOptions): Promise<void> {
  const { phone, whatsappNumber, mode, askPhone, model, budget, profile, timezone } = options;
  const body = {
    ...(phone && { userPhone: phone }),
    ...(whatsappNumber === false && { whatsappNumber: null }),
    ...(whatsappNumber && { whatsappNumber }),
    ...((mode || askPhone !== undefined) && { whatsapp: whatsappBody(mode, askPhone) }),
    ...(model && { model }),
    ...(budget !== undefined && { budget }),
    ...(profile && { profile }),
    ...(timezone && { timezone }),
  };
  if (Object.keys(body).length === 0) {
    const message = `Nothing is given that could be changed; see: ${CLI} update --help`;
    throw new PlaneError('INVALID_ARGUMENT', message);
  }
  return ask(name, '', options, { method: 'PATCH', body });
}

interface DeprovisionOptions extends VerbOptions {
  readonly purge?: boolean;
  readonly yes?: boolean;
}

async function deprovision(name: string, options: DeprovisionOptions): Promise<void> {
  if (!options.purge) return ask(name, 'deprovision', options);
  const path = `${agentPath(name, 'purge')}${options.dryRun ? '?dryRun=true' : ''}`;
  const client = await connect(process.env);
  if (!options.dryRun && !options.yes) {
    const loss = `The VM, disks, secrets, account and rights of ${name} are removed for good.`;
    const terminal = { input: process.stdin, output: process.stderr };
    await confirmByTyping(terminal, `${loss} To go on, type its name: `, name);
  }
  const { body } = await insist(client, 'POST', path);
  print(body, options.json);
  if (options.json) return;
  if (options.dryRun) return showPlan(body);
  const { removed } = receipt.parse(body);
  hint(removed.length > 0 ? 'nothing of it is left' : `there was nothing of ${name}`);
}

function addPowerCommands(program: Command): void {
  const simple = { stop: 'Stop the VM until somebody starts it.', start: 'Start the VM.' };
  for (const [name, description] of Object.entries(simple)) {
    addVerb(program, name, description).action((agent: string, options: VerbOptions) =>
      ask(agent, name, options),
    );
  }
  const once = {
    restart: 'Shut the VM down and start it again.',
    rebuild: 'A new VM on the newest image; the data disk is kept, so WhatsApp stays linked.',
  };
  for (const [name, description] of Object.entries(once)) {
    addVerb(program, name, description)
      .option('--request-id <uuid>', 'the same id again is the same request, not another one')
      .action((agent: string, { requestId, ...options }: VerbOptions & { requestId?: string }) =>
        ask(agent, name, options, { body: { requestId: requestId ?? randomUUID() } }),
      );
  }
}

function addUpdate(program: Command): void {
  addVerb(program, 'update', 'Change some settings; the running VM takes them over.', '--budget 80')
    .option('--phone <e164>', "the owner's phone")
    .option('--whatsapp-number <e164>', "the agent's own number")
    .option('--no-whatsapp-number', 'take its number away')
    .addOption(new Option('--mode <mode>', 'how it is on WhatsApp').choices([...WHATSAPP_MODES]))
    .option('--ask-phone <minutes>', ASK_PHONE)
    .option('--no-ask-phone', 'ask it no more')
    .option('--model <model>', 'e.g. anthropic/claude-sonnet-4-6')
    .option('--budget <usd>', 'USD a month', BUDGET)
    .addOption(new Option('--profile <profile>', 'what it is for').choices([...PROFILES]))
    .option('--timezone <zone>', 'e.g. Europe/Vienna')
    .addHelpText('after', `  ${CLI} update allison --model openai/gpt-5.4 --timezone Europe/Vienna`)
    .action(update);
}

export function addFleetCommands(program: Command): void {
  addUpdate(program);
  addPowerCommands(program);
  addVerb(program, 'deprovision', 'Out of service: stopped, without rights; all is kept.')
    .option('--purge', 'remove it and everything it has, for good')
    .option('--yes', 'do not ask before a purge, for scripts')
    .addHelpText('after', `  ${CLI} deprovision allison --purge`)
    .action(deprovision);
}
