/**
 * `agent`: the commands of an agent's machine, one bundled file. Each command's code is
 * loaded when it is asked for, since fetch-key runs before every start of the gateway.
 */

import { PlaneError } from '../contracts/plane-error.ts';
import { layoutOf } from './core/layout.ts';
import { machineHost } from './host.ts';

const host = machineHost({
  root: process.env.AGENTS_PLANE_ROOT,
  metadataHost: process.env.GCE_METADATA_HOST,
  env: process.env,
  uid: process.getuid?.() ?? -1,
  // Standard output may be the broker's socket, or an answer that somebody parses.
  log: (line) => process.stderr.write(`${line}\n`),
});
const layout = layoutOf(host.root);

type Arguments = readonly string[];

/** `--name=value` or `--name value`. */
function option(args: Arguments, name: string): string | undefined {
  const joined = args.find((arg) => arg.startsWith(`--${name}=`));
  if (joined !== undefined) return joined.slice(name.length + 3);
  const at = args.indexOf(`--${name}`);
  return at < 0 ? undefined : args[at + 1];
}

async function help(code: number): Promise<number> {
  const { templates } = await import('./templates.ts');
  (code === 0 ? process.stdout : process.stderr).write(templates['help.txt'] ?? '');
  return code;
}

/** `agent channel add|list|remove`. A token in argv is in every process list: there is no option for it. */
async function channel([verb, name, ...rest]: Arguments): Promise<number> {
  const client = await import('./commands/client.ts');
  if (verb === 'list' && name === undefined) return client.channelListCommand(layout);
  const { addedChannel } = await import('../contracts/channels.ts');
  const known = addedChannel.safeParse(name);
  if (!known.success) return help(2);
  if (verb === 'remove' && rest.length === 0)
    return client.channelRemoveCommand(layout, known.data);
  if (verb !== 'add') return help(2);
  return client.channelAddCommand(layout, known.data, {
    owner: option(rest, 'owner'),
    account: option(rest, 'account'),
    daemon: option(rest, 'daemon'),
    sent: rest.includes('--sent'),
  });
}

const COMMANDS: Readonly<Record<string, (args: Arguments) => Promise<number>>> = {
  'check-config': async () =>
    (await import('./commands/check-config.ts')).checkConfigCommand(host, layout),
  'fetch-key': async () => (await import('./commands/fetch-key.ts')).fetchKeyCommand(host, layout),
  'fetch-number': async () =>
    (await import('./commands/fetch-number.ts')).fetchNumberCommand(host, layout),
  'forget-key': async () =>
    (await import('./commands/forget-key.ts')).forgetKeyCommand(
      host,
      layout,
      // systemd.exec(5): of the unit's main process.
      process.env.MAINPID === undefined ? undefined : Number(process.env.MAINPID),
    ),
  'reload-key': async () =>
    (await import('./commands/reload-key.ts')).reloadKeyCommand(host, layout),
  'reload-channels': async () => {
    const { templates } = await import('./templates.ts');
    const { reloadChannelsCommand } = await import('./commands/reload-channels.ts');
    return reloadChannelsCommand(host, layout, templates);
  },
  bootstrap: async (args) => {
    const { templates } = await import('./templates.ts');
    const { bootstrapCommand } = await import('./commands/bootstrap.ts');
    return bootstrapCommand(host, layout, templates, args.includes('--again'));
  },
  'store-key': async (args) =>
    // A key in argv is in every process list: refuse it, and say nothing of it.
    args.length > 0 ? help(2) : (await import('./commands/client.ts')).storeKeyCommand(layout),
  mail: async ([verb, ...rest]) => {
    const code = await (await import('./commands/mail.ts')).mailCommands(layout, {
      verb,
      id: rest[0],
      subject: option(rest, 'subject'),
      query: option(rest, 'query'),
      limit: option(rest, 'limit'),
    });
    return code ?? help(2);
  },
  'mail-keys': async () => (await import('./commands/mail-keys.ts')).mailKeysCommand(host, layout),
  channel: async (args) => channel(args),
  status: async (args) =>
    (await import('./commands/status.ts')).statusCommand(host, layout, args.includes('--json')),
  broker: async (args) =>
    (await import('./commands/broker.ts')).brokerCommand(host, layout, {
      peer: option(args, 'peer'),
      listen: args.includes('--listen'),
    }),
  ask: async ([text]) =>
    text === undefined
      ? help(2)
      : (await import('./commands/ask.ts')).askCommand(host, layout, text),
  meter: async () =>
    (await import('./commands/meter.ts')).meterCommand(
      host,
      layout,
      process.env.CREDENTIALS_DIRECTORY,
    ),
  watch: async () => (await import('./commands/watch.ts')).watchCommand(host, layout),
  pair: async () =>
    (await import('./commands/pair.ts')).pairCommand(
      host,
      layout,
      process.env.CREDENTIALS_DIRECTORY,
    ),
  'backup-whatsapp': async (args) =>
    (await import('./commands/backup-whatsapp.ts')).backupCommand(
      host,
      layout,
      args.includes('--now'),
    ),
  'restore-whatsapp': async () =>
    (await import('./commands/restore-whatsapp.ts')).restoreCommand(host, layout),
  help: async () => help(0),
};

async function main([name = 'help', ...args]: Arguments): Promise<number> {
  if (name === '--help' || name === '-h' || args.includes('--help')) return help(0);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  return command ? command(args) : help(2);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(
    `${error instanceof PlaneError ? error.message : `agent: ${(error as Error).message}`}\n`,
  );
  process.exitCode = 1;
}
