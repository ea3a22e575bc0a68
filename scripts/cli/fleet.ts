/** The commands over agents that exist: `list`, `update`, `stop`, ..., `reconcile`. */

import { randomUUID } from 'node:crypto';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { stringify } from 'yaml';
import { AGENT_STATES, type Agent, agentList, type PlanView, plan } from '../../contracts/agent.ts';
import { PROFILES, WHATSAPP_MODES } from '../../contracts/config-document.ts';
import { PlaneError } from '../../contracts/errors.ts';
import { planAnswer, receipt, reconcileAnswer, reconciled } from '../../contracts/lifecycle.ts';
import { type Client, connect } from './client.ts';
import { FORMATS, type Format, hint, print, table } from './output.ts';

interface VerbOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const agentPath = (name: string, action = ''): string =>
  `/v1/agents/${encodeURIComponent(name)}${action && `/${action}`}`;

/** Google takes longer than a request for some things; the same request goes on where it was. */
const ATTEMPTS = 10;

async function insist(client: Client, method: string, path: string, body?: unknown) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await client.call(method, path, body);
    } catch (error) {
      const going = error instanceof PlaneError && error.code === 'DEADLINE_EXCEEDED';
      if (!going || attempt === ATTEMPTS) throw error;
      hint('Google is still at it; going on.');
    }
  }
}

function showPlan(value: unknown): void {
  const { agent, steps } = plan.parse(value);
  hint(
    steps.length === 0
      ? `${agent} is as asked for: nothing to do`
      : `${steps.length} step(s); without --dry-run they are taken`,
  );
}

/** One verb whose answer is the agent. */
async function ask(
  name: string,
  action: string,
  options: VerbOptions,
  request: { readonly method?: string; readonly body?: unknown } = {},
): Promise<void> {
  const client = await connect(process.env);
  const path = `${agentPath(name, action)}${options.dryRun ? '?dryRun=true' : ''}`;
  const { status, body } = await insist(client, request.method ?? 'POST', path, request.body);
  print(body, options.json);
  if (options.json) return;
  if (options.dryRun) showPlan(body);
  else hint(status === 202 ? `follow it with: agents-plane get ${name}` : 'nothing to change');
}

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
  readonly model?: string;
  readonly budget?: number;
  readonly profile?: string;
  readonly timezone?: string;
}

function update(name: string, options: UpdateOptions): Promise<void> {
  const { phone, whatsappNumber, mode, model, budget, profile, timezone } = options;
  const body = {
    ...(phone && { userPhone: phone }),
    ...(whatsappNumber === false && { whatsappNumber: null }),
    ...(whatsappNumber && { whatsappNumber }),
    ...(mode && { whatsapp: { mode } }),
    ...(model && { model }),
    ...(budget !== undefined && { budget }),
    ...(profile && { profile }),
    ...(timezone && { timezone }),
  };
  return ask(name, '', options, { method: 'PATCH', body });
}

interface ListOptions {
  readonly state?: string;
  readonly output: Format;
  readonly json?: boolean;
}

const pageQuery = (token: string | undefined, more: Record<string, string> = {}): string => {
  const query = new URLSearchParams({ ...more, ...(token ? { pageToken: token } : {}) });
  return query.size > 0 ? `?${query}` : '';
};

async function allAgents(client: Client, state: string | undefined): Promise<Agent[]> {
  const agents: Agent[] = [];
  let token: string | undefined;
  do {
    const query = pageQuery(token, state ? { state } : {});
    const page = agentList.parse((await client.call('GET', `/v1/agents${query}`)).body);
    agents.push(...page.agents);
    token = page.nextPageToken;
  } while (token !== undefined);
  return agents;
}

const HEAD = ['NAME', 'STATE', 'WHATSAPP', 'MODEL', 'USD', 'OWNER'];
const rowOf = ({ name, state, whatsapp, model, budget, user }: Agent): readonly string[] => [
  ...[name, state, whatsapp.mode, model, String(budget), user],
];

async function list({ state, output, json }: ListOptions): Promise<void> {
  const agents = await allAgents(await connect(process.env), state);
  if (json || output === 'json') return print({ agents }, true);
  if (output === 'yaml') return void process.stdout.write(stringify({ agents }));
  process.stdout.write(agents.length > 0 ? table(HEAD, agents.map(rowOf)) : '');
  if (agents.length === 0) hint('no agents; make one with: agents-plane provision --help');
}

interface DeprovisionOptions extends VerbOptions {
  readonly purge?: boolean;
}

async function deprovision(name: string, options: DeprovisionOptions): Promise<void> {
  if (!options.purge) return ask(name, 'deprovision', options);
  const client = await connect(process.env);
  const path = `${agentPath(name, 'purge')}${options.dryRun ? '?dryRun=true' : ''}`;
  const { body } = await insist(client, 'POST', path);
  print(body, options.json);
  if (options.json) return;
  if (options.dryRun) return showPlan(body);
  const { removed } = receipt.parse(body);
  hint(removed.length > 0 ? 'nothing of it is left' : `there was nothing of ${name}`);
}

async function showPlans(name: string | undefined, { json }: VerbOptions): Promise<void> {
  const client = await connect(process.env);
  const plans: PlanView[] = [];
  let token: string | undefined;
  if (name) plans.push(plan.parse((await client.call('GET', agentPath(name, 'plan'))).body));
  else
    do {
      const { body } = await client.call('GET', `/v1/plan${pageQuery(token)}`);
      const page = planAnswer.parse(body);
      plans.push(...page.plans);
      token = page.nextPageToken;
    } while (token !== undefined);
  print({ plans }, json);
  const steps = plans.flatMap((each) => each.steps).length;
  hint(steps === 0 ? 'nothing to do' : `${steps} step(s); take them with: agents-plane reconcile`);
}

/** Exit code 1 when an agent could not be brought to what was asked for. */
async function reconcile(name: string | undefined, { json }: VerbOptions): Promise<void> {
  const client = await connect(process.env);
  const agents = [];
  let token: string | undefined;
  if (name) {
    agents.push(
      reconciled.parse((await insist(client, 'POST', agentPath(name, 'reconcile'))).body),
    );
  } else
    do {
      const { body } = await client.call('POST', `/v1/reconcile${pageQuery(token)}`);
      const page = reconcileAnswer.parse(body);
      agents.push(...page.agents);
      token = page.nextPageToken;
    } while (token !== undefined);
  print({ agents }, json);
  const bad = agents.filter(({ outcome }) => outcome === 'failed' || outcome === 'refused');
  if (bad.length === 0) return;
  hint(`${bad.length} of ${agents.length} could not be repaired: see "reason"`);
  process.exitCode = 1;
}

const example = (...lines: string[]): string =>
  `\nExamples:\n${lines.map((line) => `  agents-plane ${line}`).join('\n')}`;

function addVerb(program: Command, name: string, description: string): Command {
  return program
    .command(`${name} <agent>`)
    .description(description)
    .option('--dry-run', 'print the plan, touch nothing')
    .option('--json', 'print JSON')
    .addHelpText('after', example(`${name} allison`, `${name} allison --dry-run`));
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
  addVerb(program, 'update', 'Change some settings; the running VM takes them over.')
    .option('--phone <e164>', "the owner's phone")
    .option('--whatsapp-number <e164>', "the agent's own number")
    .option('--no-whatsapp-number', 'take its number away')
    .addOption(new Option('--mode <mode>', 'how it is on WhatsApp').choices([...WHATSAPP_MODES]))
    .option('--model <model>', 'e.g. anthropic/claude-sonnet-4-6')
    .option('--budget <usd>', 'USD a month', BUDGET)
    .addOption(new Option('--profile <profile>', 'what it is for').choices([...PROFILES]))
    .option('--timezone <zone>', 'e.g. Europe/Vienna')
    .addHelpText('after', '  agents-plane update allison --budget 80 --model openai/gpt-5.4')
    .action(update);
}

export function addFleetCommands(program: Command): void {
  program
    .command('list')
    .description('List the agents.')
    .addOption(new Option('--state <state>', 'only those').choices([...AGENT_STATES]))
    .addOption(new Option('-o, --output <format>', 'how').choices([...FORMATS]).default('table'))
    .option('--json', 'print JSON')
    .addHelpText('after', example('list', 'list --state failed --json'))
    .action(list);
  addUpdate(program);
  addPowerCommands(program);
  addVerb(program, 'deprovision', 'Out of service: stopped, without rights; all is kept.')
    .option('--purge', 'remove it and everything it has, for good')
    .addHelpText('after', '  agents-plane deprovision allison --purge')
    .action(deprovision);
  program
    .command('plan [agent]')
    .description('What reconcile would do.')
    .option('--json', 'print JSON')
    .addHelpText('after', example('plan', 'plan allison --json'))
    .action(showPlans);
  program
    .command('reconcile [agent]')
    .description('Bring one agent, or all, back to what was asked for.')
    .option('--json', 'print JSON')
    .addHelpText('after', example('reconcile', 'reconcile allison --json'))
    .action(reconcile);
}
