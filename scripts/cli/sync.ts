/** `agents-plane sync`: brings the agents to what the Workspace Directory says. */

import type { Command } from 'commander';
import { CLI } from '../../contracts/names.ts';
import { syncAnswer } from '../../contracts/sync.ts';
import { connect } from './client.ts';
import { hint, print } from './output.ts';
import { example, insist, type VerbOptions } from './verb.ts';

interface SyncOptions extends VerbOptions {
  readonly confirm?: string;
}

/** Exit code 1 when it stopped, or something failed. */
async function sync({ dryRun, confirm, json }: SyncOptions): Promise<void> {
  const client = await connect(process.env);
  const query = new URLSearchParams({
    ...(dryRun ? { dryRun: 'true' } : {}),
    ...(confirm ? { confirm } : {}),
  });
  const { body } = await insist(client, 'POST', `/v1/sync${query.size > 0 ? `?${query}` : ''}`);
  const answer = syncAnswer.parse(body);
  print(answer, json);
  const { stopped, actions, unfollowed } = answer;
  const left = actions.filter(({ outcome }) => outcome === 'left').length;
  const failed = actions.filter(({ outcome }) => outcome === 'failed').length;
  if (stopped) {
    hint(
      `${stopped.removals} agents would go, more than ${stopped.limit}: nothing was done. If that is right: ${CLI} sync --confirm ${stopped.confirm}`,
    );
  } else if (failed > 0) hint(`${failed} failed: see "reason"; the next sync tries again`);
  else if (left > 0) hint(`${left} left for the next sync: run it again, or wait five minutes`);
  else if (unfollowed.length > 0) hint(`${unfollowed.length} cannot be followed: see "problem"`);
  else hint(actions.length === 0 ? 'all is as the directory says' : `${actions.length} action(s)`);
  if (stopped || failed > 0) process.exitCode = 1;
}

export function addSync(program: Command): void {
  program
    .command('sync')
    .description('Bring the agents to what the Workspace Directory says.')
    .option('--dry-run', 'print what it would do, touch nothing')
    .option('--confirm <word>', 'let the removals happen for which a sync stopped')
    .option('--json', 'print JSON')
    .addHelpText('after', example('sync --dry-run', 'sync'))
    .action(sync);
}
