/** `agents-plane bridge`: the service, and the operator's commands beside it. */

import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { PlaneError } from '../contracts/plane-error.ts';
import { check, deadChange, deadList, send, status } from './cli/commands.ts';
import { runBridge } from './cli/run.ts';
import { expandHome } from './compose.ts';
import { loadConfig } from './config/load.ts';
import type { BridgeConfig } from './config/schema.ts';

const home = process.env.HOME ?? homedir();
const DEFAULT_FILE = join(home, '.config/kapso-whatsapp/config.toml');

/** A file that was named has to be there; the one at the usual place need not. */
function readSettings(named: string | undefined): BridgeConfig {
  const wanted = named ?? process.env.KAPSO_CONFIG;
  const file = wanted ? expandHome(wanted, home) : DEFAULT_FILE;
  try {
    return loadConfig(readFileSync(file, 'utf8'), process.env, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') throw error;
    if (wanted) throw new PlaneError('NOT_FOUND', `There is no settings file ${file}.`);
    return loadConfig(undefined, process.env);
  }
}

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const program = new Command('agents-plane bridge')
  .description('An OpenClaw agent on the official WhatsApp API (Kapso, or Meta directly).')
  .option('--config <file>', `settings (default: ${DEFAULT_FILE}, where there is one)`)
  .showHelpAfterError('(see --help)')
  .addHelpText(
    'after',
    `
KAPSO_API_KEY and KAPSO_PHONE_NUMBER_ID are enough to start; KAPSO_ALLOWED_NUMBERS says who may write.`,
  );

const settings = (): BridgeConfig => readSettings(program.opts<{ config?: string }>().config);
const stateDir = (config: BridgeConfig): string => expandHome(config.state.dir, home);

program.command('run', { isDefault: true, hidden: true }).action(async () => {
  const config = settings();
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await runBridge(config, stateDir(config), process.env, stopped);
});

program
  .command('check')
  .description('Try every credential and address.')
  .option('--json', 'print JSON')
  .action(async ({ json }: { json?: boolean }) => {
    const findings = await check(settings(), process.env);
    if (json) print(JSON.stringify(findings));
    else
      for (const { ok, what, detail } of findings)
        print(`${ok ? 'ok  ' : 'FAIL'}  ${what}: ${detail}`);
    if (findings.some(({ ok }) => !ok)) process.exitCode = 1;
  });

program
  .command('send <to> <text...>')
  .description('Queue a message; the running bridge sends it.')
  .action(async (to: string, words: string[]) => {
    const config = settings();
    const count = await send(config, stateDir(config), to, words.join(' '));
    print(count === 1 ? 'queued' : `queued as ${count} messages`);
  });

program
  .command('status')
  .description('How the channel is, what is open and what is dead, as JSON.')
  .action(async () => {
    const config = settings();
    print(JSON.stringify(await status(config, stateDir(config))));
  });

const dead = program.command('dead').description('Messages that were given up.');
dead
  .command('list', { isDefault: true })
  .option('--json', 'print JSON')
  .action(async ({ json }: { json?: boolean }) => {
    const lines = await deadList(stateDir(settings()));
    if (json) return print(JSON.stringify(lines));
    for (const { id, message, conversation, attempts, at, why } of lines) {
      print(`${id}\t${at}\t${conversation}\t${attempts} attempts\t${why}\t${message}`);
    }
  });
for (const what of ['retry', 'drop'] as const) {
  dead.command(`${what} <id>`).action(async (id: string) => {
    await deadChange(stateDir(settings()), id, what);
    print('done');
  });
}

program.parseAsync().catch((error: unknown) => {
  const known = error instanceof PlaneError;
  process.stderr.write(`${known ? error.message : `bridge: ${(error as Error).message}`}\n`);
  process.exitCode = 1;
});
