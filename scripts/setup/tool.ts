/**
 * What the shell scripts of setup ask of Node: `node tool.ts COMMAND ...`. Results on standard
 * output; settings come from the file that AGENTS_PLANE_SETTINGS names.
 */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { PlaneError } from '../../contracts/errors.ts';
import { SHARED_KEY_SECRET } from '../../contracts/names.ts';
import { runtime } from '../../local/plane/infra.ts';
import { DIRECTORY_SCOPE, MAIL_SCOPES } from '../../local/plane/settings.ts';
import { describeFailure } from '../ui/failure.ts';
import { askForSettings } from './ask.ts';
import {
  bundleOf,
  environmentOf,
  functionsHash,
  imageOf,
  planeImage,
  services,
} from './functions.ts';
import {
  isPublic,
  makePublic,
  missingPermissions,
  readsMail,
  readsUsers,
  shortQuotas,
  tryDelegation,
} from './google.ts';
import {
  cellRoot,
  infraHash,
  outputsOf,
  planeRoot,
  type Root,
  terraformVersion,
  tfvars,
} from './infra.ts';
import { readPolicy, withMember, withoutMember } from './policy.ts';
import { readSettings, regionOf, type Settings, urlOf } from './settings.ts';

const ROOT = join(import.meta.dirname, '../..');
const { env } = process;

const load = async (): Promise<Settings> => {
  const file = env.AGENTS_PLANE_SETTINGS ?? 'plane.toml';
  return readSettings(await readFile(file, 'utf8'), file);
};
/** Of the project that the step is in: a cell's, or the plane's own. */
async function root(apiUrl = ''): Promise<Root> {
  const all = await load();
  return env.CELL ? cellRoot(all, env.CELL) : planeRoot(all, apiUrl, env.CELL_NUMBERS);
}
const input = async (): Promise<string> => (await text(process.stdin)).trim();
const quote = (value: string): string => `'${value.replaceAll("'", `'\\''`)}'`;

/** The service behind the function that anyone may call, in full. */
async function pagesService(): Promise<string> {
  const all = await load();
  return `projects/${all.project}/locations/${regionOf(all)}/services/${services().pages?.service}`;
}

/** Settings, and what follows from them, as shell variables. */
function shellVariables(all: Settings, file: string): Record<string, string> {
  const { bucket, plane, build, signerRole, auditBucket } = outputsOf(all);
  const apiUrl = urlOf(all, services().api?.service ?? '');
  return {
    AGENTS_PLANE_SETTINGS: file,
    PROJECT: all.project,
    CELLS: all.cells.map(({ project }) => project).join(' '),
    REGION: regionOf(all),
    ZONE: all.zone,
    MAIL_FROM: all.mail_from,
    IMAGE: imageOf(all),
    PLANE_IMAGE: planeImage(all),
    IMAGE_FAMILY: 'agents-plane',
    BILLING_ACCOUNT: all.billing_account,
    AGENT_USER: all.agent?.user ?? '',
    DEPLOYMENT: 'agents-plane',
    PLANE_ACCOUNT: plane,
    BUILD_ACCOUNT: build,
    BUCKET: bucket,
    SIGNER: signerRole,
    AUDIT_BUCKET: auditBucket,
    GENERATION: String(all.generation),
    SHARED_KEY_SECRET,
    API_URL: apiUrl,
    // Not AGENTS_PLANE_URL: that may be another plane's, exported for the CLI.
    FIRST_AGENT_URL: env.FIRST_AGENT_URL ?? apiUrl,
    // Ten seconds each: half an hour for a person in the Admin console.
    DELEGATION_TRIES: env.DELEGATION_TRIES ?? '180',
  };
}

/** Options of `agents-plane provision`, one a line. */
function firstAgent({ agent }: Settings): readonly string[] {
  if (!agent) throw new PlaneError('INVALID_ARGUMENT', 'The settings have no [agent]');
  const { user, userPhone, whatsappNumber, model, budget, timezone, whatsapp, profile } = agent;
  const options = {
    user,
    phone: userPhone,
    'whatsapp-number': whatsappNumber,
    model,
    budget,
    timezone,
    mode: whatsapp?.mode,
    'ask-phone': whatsapp?.askPhone,
    profile,
  };
  return Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
}

/** The directory's scope only where the directory is used. */
const scopesOf = ({ directory_as }: Settings): readonly string[] =>
  directory_as === '' ? MAIL_SCOPES : [...MAIL_SCOPES, DIRECTORY_SCOPE];

type Tool = (args: readonly string[]) => Promise<string>;

const TOOLS: Readonly<Record<string, Tool>> = {
  settings: async ([file = 'plane.toml']) => {
    if (!env.YES) await askForSettings(file, env);
    const all = readSettings(
      await readFile(file, 'utf8').catch(() => {
        throw new PlaneError('INVALID_ARGUMENT', `There is no file ${file}; --config names one`);
      }),
      file,
    );
    const variables = Object.entries(shellVariables(all, file));
    return variables.map(([name, value]) => `${name}=${quote(value)}`).join('\n');
  },
  'missing-permissions': async ([project = '', ...permissions]) =>
    (await missingPermissions(env, await input(), project, permissions)).join(', '),
  'short-quotas': async () => shortQuotas(JSON.parse(await input())).join(', '),
  // One a line, for each of the addresses that the functions may have.
  'infra-hash': async (urls) =>
    (await Promise.all(urls.map(async (url) => infraHash(await root(url))))).join('\n'),
  'infra-terraform': async () => terraformVersion(await root()),
  'infra-inputs': async ([apiUrl]) => tfvars((await root(apiUrl)).inputs),
  'infra-files': async ([folder = '']) => {
    for (const [name, content] of Object.entries((await root()).files)) {
      await mkdir(join(folder, dirname(name)), { recursive: true });
      await writeFile(join(folder, name), content);
    }
    return '';
  },
  'bundle-object': async () => (await bundleOf(ROOT)).object,
  functions: async () =>
    Object.entries(services())
      .map(([entry, { service }]) => `${entry} ${service}`)
      .join('\n'),
  'functions-memory': async () => runtime().memory,
  'functions-hash': async () => functionsHash(await load(), ROOT),
  // JSON is YAML.
  'functions-env': async () => JSON.stringify(await environmentOf(await load(), ROOT), null, 2),
  // A project's policy on standard input, as JSON.
  'policy-with': async ([member = '', ...roles]) =>
    JSON.stringify(withMember(readPolicy(await input()), member, roles)),
  'policy-without': async ([member = '']) =>
    JSON.stringify(withoutMember(readPolicy(await input()), member)),
  'pages-are-public': async () => String(await isPublic(env, await input(), await pagesService())),
  'make-pages-public': async () => {
    await makePublic(env, await input(), await pagesService());
    return '';
  },
  scopes: async () => scopesOf(await load()).join(','),
  'delegation-works': async ([account = '', sender = '']) => {
    const token = await input();
    const { directory_as } = await load();
    await tryDelegation(env, token, account, readsMail(sender, MAIL_SCOPES));
    if (directory_as) await tryDelegation(env, token, account, readsUsers(directory_as));
    return '';
  },
  'first-agent': async () => firstAgent(await load()).join('\n'),
};

const [, , command = '', ...args] = process.argv;
try {
  const tool = TOOLS[command];
  if (!tool) throw new PlaneError('INVALID_ARGUMENT', `There is no tool ${command}`);
  const result = await tool(args);
  if (result !== '') process.stdout.write(`${result}\n`);
} catch (error) {
  process.stderr.write(`${describeFailure(error)}\n`);
  process.exitCode = 1;
}
