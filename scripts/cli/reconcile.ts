/** `agents-plane plan` and `agents-plane reconcile`: one agent, or all. */

import type { Command } from 'commander';
import { type PlanView, plan } from '../../contracts/agent.ts';
import { planAnswer, reconcileAnswer, reconciled } from '../../contracts/lifecycle.ts';
import { CLI } from '../../contracts/names.ts';
import { connect } from './client.ts';
import { hint, print } from './output.ts';
import { agentPath, example, insist, pageQuery, type VerbOptions } from './verb.ts';

async function showPlans(name: string | undefined, { json }: VerbOptions): Promise<void> {
  const client = await connect(process.env);
  const plans: PlanView[] = [];
  let token: string | undefined;
  if (name !== undefined)
    plans.push(plan.parse((await client.call('GET', agentPath(name, 'plan'))).body));
  else
    do {
      const { body } = await insist(client, 'GET', `/v1/plan${pageQuery(token)}`);
      const page = planAnswer.parse(body);
      plans.push(...page.plans);
      token = page.nextPageToken;
    } while (token !== undefined);
  print({ plans }, json);
  const steps = plans.flatMap((each) => each.steps).length;
  const verb = [`${CLI} reconcile`, ...(name ? [name] : [])].join(' ');
  hint(steps === 0 ? 'nothing to do' : `${steps} step(s); take them with: ${verb}`);
}

/** Exit code 1 when an agent could not be brought to what was asked for. */
async function reconcile(name: string | undefined, options: VerbOptions): Promise<void> {
  if (options.dryRun) return showPlans(name, options);
  const { json } = options;
  const client = await connect(process.env);
  const agents = [];
  let token: string | undefined;
  if (name !== undefined) {
    agents.push(
      reconciled.parse((await insist(client, 'POST', agentPath(name, 'reconcile'))).body),
    );
  } else
    do {
      const { body } = await insist(client, 'POST', `/v1/reconcile${pageQuery(token)}`);
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

export function addReconcile(program: Command): void {
  program
    .command('plan [agent]')
    .description('What reconcile would do.')
    .option('--json', 'print JSON')
    .addHelpText('after', example('plan', 'plan allison --json'))
    .action(showPlans);
  program
    .command('reconcile [agent]')
    .description('Bring one agent, or all, back to what was asked for.')
    .option('--dry-run', 'what plan does')
    .option('--json', 'print JSON')
    .addHelpText('after', example('reconcile --dry-run', 'reconcile', 'reconcile allison --json'))
    .action(reconcile);
}
