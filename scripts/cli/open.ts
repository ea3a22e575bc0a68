/** `agents-plane open` and `agents-plane pair`: the page on which an agent's WhatsApp is linked, or its own console. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Command } from 'commander';
import { agent as agentSchema, pairingLink } from '../../contracts/agent.ts';
import { PlaneError } from '../../contracts/errors.ts';
import { GATEWAY_PORT } from '../../contracts/gateway.ts';
import { CLI } from '../../contracts/names.ts';
import { type Client, connect } from './client.ts';
import { type Asked, hint, printAsked } from './output.ts';
import { agentPath, example } from './verb.ts';

interface OpenOptions extends Asked {
  readonly console?: boolean;
  readonly browser: boolean;
}

/** Whoever has a browser has one of these; who has none gets the address. */
function browse(url: string): void {
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open';
  const child: ChildProcess = spawn(opener, [url], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}

/**
 * The console listens on the VM's loopback, and nobody can reach the VM but through
 * Identity-Aware Proxy, which asks IAM who may (infra/firewall.tf).
 * https://cloud.google.com/iap/docs/using-tcp-forwarding
 */
async function tunnel(client: Client, name: string, options: OpenOptions): Promise<void> {
  const { body } = await client.call('GET', agentPath(name));
  const { instance, serviceAccount } = agentSchema.parse(body);
  const project = serviceAccount.split('@')[1]?.split('.')[0] ?? '';
  const forward = `${GATEWAY_PORT}:127.0.0.1:${GATEWAY_PORT}`;
  const place = [`--project=${project}`, `--zone=${instance.zone}`, '--tunnel-through-iap'];
  const args = ['compute', 'ssh', instance.name, ...place, '--', '-N', '-L', forward];
  const url = `http://127.0.0.1:${GATEWAY_PORT}/`;
  if (printAsked({ url, command: ['gcloud', ...args] }, options)) return;
  process.stdout.write(`${url}\n`);
  hint(`gcloud ${args.join(' ')}`);
  if (!process.env.AGENTS_PLANE_URL) {
    return hint(`this is the local plane: ${CLI} local exec ${instance.name} -- bash -l`);
  }
  hint('the page works while this runs; Ctrl-C ends it');
  const child = spawn('gcloud', args, { stdio: 'inherit' });
  const [code] = await once(child, 'exit').catch(() => {
    throw new PlaneError(
      'FAILED_PRECONDITION',
      'gcloud is not installed; run the line above elsewhere',
    );
  });
  if (code !== 0) throw new PlaneError('UNAVAILABLE', 'The tunnel broke; may you use IAP there?');
}

/** @returns its address; undefined when it was printed for a machine */
async function printLink(
  client: Client,
  name: string,
  request: { readonly replace?: boolean },
  options: Asked,
): Promise<string | undefined> {
  const { body } = await client.call('POST', agentPath(name, 'pairing-link'), request);
  if (printAsked(body, options)) return undefined;
  const { url, expires } = pairingLink.parse(body);
  process.stdout.write(`${url}\n`);
  hint(`for whoever holds the phone; works until ${expires}`);
  return url;
}

async function open(name: string, options: OpenOptions): Promise<void> {
  const client = await connect(process.env);
  if (options.console) return tunnel(client, name, options);
  const url = await printLink(client, name, {}, options);
  if (url && options.browser && process.stdout.isTTY) browse(url);
}

export function addOpen(program: Command): void {
  program
    .command('open <agent>')
    .description('Open the page on which its WhatsApp is linked.')
    .option('--console', "its own console instead, through Google's Identity-Aware Proxy")
    .option('--no-browser', 'print the address alone')
    .option('--json', 'print JSON')
    .addHelpText('after', example('open allison', 'open allison --console'))
    .action(open);
}

export function addPair(program: Command): void {
  program
    .command('pair <agent>')
    .description("Print a link to the page on which the agent's WhatsApp is linked.")
    .option('--replace', 'kill the links that were given out before')
    .option('--json', 'print JSON')
    .addHelpText('after', example('pair allison', 'pair allison --replace'))
    .action(async (name: string, options: Asked & { replace?: boolean }) => {
      const client = await connect(process.env);
      await printLink(client, name, { replace: options.replace === true }, options);
    });
}
