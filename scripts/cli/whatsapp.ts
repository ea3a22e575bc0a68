/** `agents-plane whatsapp`: the business number of an agent in mode cloud-api or kapso. */

import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { agent as agentSchema } from '../../contracts/agent.ts';
import { PlaneError } from '../../contracts/errors.ts';
import { CLI } from '../../contracts/names.ts';
import {
  numberConnected,
  numberDisconnected,
  numberView,
} from '../../contracts/whatsapp-number.ts';
import { openSecretPrompt } from '../ui/secret.ts';
import { type Client, connect } from './client.ts';
import { hint, print } from './output.ts';
import { agentPath, example, insist, showPlan, type VerbOptions } from './verb.ts';

interface Question {
  readonly field: string;
  readonly what: string;
  /** May be left empty. */
  readonly optional?: true;
}

/** What each mode's credentials are, in the words of whoever gives them out. */
const QUESTIONS: Readonly<Record<string, readonly Question[]>> = {
  'cloud-api': [
    { field: 'phoneNumberId', what: "Meta's phone number id" },
    { field: 'accessToken', what: "access token of Meta's system user" },
    { field: 'appSecret', what: 'app secret' },
    { field: 'verifyToken', what: 'verify token (any text; enter the same at Meta)' },
  ],
  kapso: [
    { field: 'phoneNumberId', what: "Kapso's phone number id" },
    { field: 'apiKey', what: 'API key' },
    { field: 'webhookSecret', what: 'webhook secret (empty: no webhook)', optional: true },
  ],
};

type Credentials = Readonly<Record<string, unknown>>;

const wrong = (message: string): PlaneError => new PlaneError('INVALID_ARGUMENT', message);

/** @throws PlaneError INVALID_ARGUMENT; never with what stands there */
function parse(given: string): Credentials {
  try {
    const found: unknown = JSON.parse(given);
    if (typeof found === 'object' && found !== null && !Array.isArray(found)) {
      return found as Credentials;
    }
  } catch {
    // Told below, without the text: JSON.parse quotes it.
  }
  throw wrong(`The credentials are no JSON object; see: ${CLI} whatsapp connect --help`);
}

/** One after the other, none of them shown. */
async function askFor(mode: string): Promise<Credentials> {
  const answers: Record<string, string> = {};
  const prompt = openSecretPrompt(process.stdin, process.stderr);
  try {
    for (const { field, what, optional } of QUESTIONS[mode] ?? []) {
      const answer = await prompt.ask(`${what}: `);
      if (answer === '' && !optional) throw wrong(`Nothing was entered for the ${what}.`);
      if (answer !== '') answers[field] = answer;
    }
    return answers;
  } finally {
    prompt.close();
  }
}

async function modeOf(client: Client, name: string): Promise<string> {
  const { mode } = agentSchema.parse((await client.call('GET', agentPath(name))).body).whatsapp;
  if (mode in QUESTIONS) return mode;
  const fix = `${CLI} update ${name} --mode cloud-api`;
  throw new PlaneError(
    'FAILED_PRECONDITION',
    `${name} is in mode ${mode}, which takes no credentials; change it first: ${fix}`,
  );
}

interface ConnectOptions extends VerbOptions {
  readonly credentials?: string;
}

async function readCredentials(mode: string, file: string | undefined): Promise<Credentials> {
  if (file !== undefined && file !== '-') {
    const found = await readFile(file, 'utf8').catch((cause: unknown) => {
      throw new PlaneError('NOT_FOUND', `${file} cannot be read`, { cause });
    });
    return parse(found);
  }
  return process.stdin.isTTY ? askFor(mode) : parse(await text(process.stdin));
}

const pathOf = (name: string, { dryRun }: VerbOptions): string =>
  `${agentPath(name, 'whatsapp')}${dryRun ? '?dryRun=true' : ''}`;

async function connectNumber(name: string, options: ConnectOptions): Promise<void> {
  const client = await connect(process.env);
  const mode = await modeOf(client, name);
  const credentials = { mode, ...(await readCredentials(mode, options.credentials)) };
  const { body } = await insist(client, 'POST', pathOf(name, options), credentials);
  print(body, options.json);
  if (options.json) return;
  if (options.dryRun) return showPlan(body);
  const { webhook } = numberConnected.parse(body);
  hint(webhook ? `enter it as the number's webhook: ${webhook}` : 'it asks Kapso every 5 seconds');
}

async function showNumber(name: string, options: VerbOptions): Promise<void> {
  const client = await connect(process.env);
  const { body } = await client.call('GET', pathOf(name, {}));
  print(body, options.json);
  const { connected, mode } = numberView.parse(body);
  if (options.json || connected) return;
  hint(
    mode in QUESTIONS
      ? `connect it with: ${CLI} whatsapp connect ${name}`
      : `mode ${mode} takes no credentials: it is linked on the page of ${CLI} pair ${name}`,
  );
}

async function disconnectNumber(name: string, options: VerbOptions): Promise<void> {
  const client = await connect(process.env);
  const { body } = await insist(client, 'DELETE', pathOf(name, options));
  print(body, options.json);
  if (options.json) return;
  if (options.dryRun) return showPlan(body);
  const { removed } = numberDisconnected.parse(body);
  hint(
    removed.length > 0 ? 'take its webhook away at Meta or Kapso, too' : 'nothing was connected',
  );
}

export function addWhatsappCommands(program: Command): void {
  const whatsapp = program
    .command('whatsapp')
    .description('The business number of an agent in mode cloud-api or kapso.');
  whatsapp
    .command('connect <agent>')
    .description('Give it the credentials of its number, or other ones. Safe to repeat.')
    .option('--credentials <file>', 'JSON (default: standard input; asked for at a terminal)')
    .option('--dry-run', 'check them, print the plan, touch nothing')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
The credentials are a JSON object and never part of the command line:
  at Meta   {"phoneNumberId", "accessToken", "appSecret", "verifyToken"}
  at Kapso  {"phoneNumberId", "apiKey"}, and "webhookSecret" where Kapso posts webhooks
${example('whatsapp connect allison', 'whatsapp connect allison < number.json', 'whatsapp connect allison --credentials <(pass show whatsapp/allison) --dry-run')}`,
    )
    .action(connectNumber);
  whatsapp
    .command('show <agent>')
    .description('Which number it is, and where its webhooks go; no credential.')
    .option('--json', 'print JSON')
    .addHelpText('after', example('whatsapp show allison', 'whatsapp show allison -o json'))
    .action(showNumber);
  whatsapp
    .command('disconnect <agent>')
    .description('Forget its credentials, and what waits for it.')
    .option('--dry-run', 'print the plan, touch nothing')
    .option('--json', 'print JSON')
    .addHelpText('after', example('whatsapp disconnect allison --dry-run'))
    .action(disconnectNumber);
}
