/** `agents-plane list`. */

import { type Command, Option } from 'commander';
import {
  AGENT_STATES,
  agentList,
  type ChannelState,
  type ListedAgent,
} from '../../contracts/agent.ts';
import { CLI } from '../../contracts/names.ts';
import { type Client, connect } from './client.ts';
import { FORMATS, type Format, hint, print, table } from './output.ts';
import { example, pageQuery } from './verb.ts';

interface ListOptions {
  readonly state?: string;
  readonly output: Format;
  readonly json?: boolean;
}

/** As much as the plane gives at once: a fleet of thousands takes it a second. */
const PAGE_SIZE = '5000';

async function allAgents(client: Client, state?: string): Promise<ListedAgent[]> {
  const agents: ListedAgent[] = [];
  let token: string | undefined;
  do {
    const query = pageQuery(token, { pageSize: PAGE_SIZE, ...(state ? { state } : {}) });
    const page = agentList.parse((await client.call('GET', `/v1/agents${query}`)).body);
    agents.push(...page.agents);
    token = page.nextPageToken;
  } while (token !== undefined);
  return agents.sort((a, b) => (a.name < b.name ? -1 : 1));
}

const HEAD = ['NAME', 'STATE', 'WHATSAPP', 'MODEL', 'USD', 'OWNER'];

/** Of a channel that is not well, behind its mode. */
const NOT_WELL: Readonly<Record<Exclude<ChannelState, 'linked'>, string>> = {
  unlinked: 'waiting',
  linking: 'waiting',
  paused: 'paused',
  'logged-out': 'logged out',
  deaf: 'deaf',
};

/** `linked`, and `linked, deaf` where the alerts of infra/alerts.tf send an admin to look. */
const whatsappOf = ({ whatsapp: { mode }, channel }: ListedAgent): string =>
  channel === undefined || channel.state === 'linked'
    ? mode
    : `${mode}, ${NOT_WELL[channel.state]}`;

const rowOf = (agent: ListedAgent): readonly string[] => {
  const { name, state, model, budget, user } = agent;
  return [name, state, whatsappOf(agent), model, String(budget), user];
};

async function list({ state, output, json }: ListOptions): Promise<void> {
  const agents = await allAgents(await connect(process.env), state);
  if (json || output !== 'table') return print({ agents }, json || output === 'json');
  process.stdout.write(agents.length > 0 ? table(HEAD, agents.map(rowOf)) : '');
  if (agents.length === 0) hint(`no agents; make one with: ${CLI} provision --help`);
}

export function addList(program: Command): void {
  program
    .command('list')
    .description('List the agents.')
    .addOption(new Option('--state <state>', 'only those').choices([...AGENT_STATES]))
    .addOption(new Option('-o, --output <format>', 'how').choices([...FORMATS]).default('table'))
    .option('--json', 'print JSON')
    .addHelpText('after', example('list', 'list --state failed --json'))
    .action(list);
}
