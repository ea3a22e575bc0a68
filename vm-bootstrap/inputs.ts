/** What a bootstrap starts from: the instance's metadata and the newest config document. */

import type { z } from 'zod';
import { type ChannelsDocument, channelsDocument } from '../contracts/channels.ts';
import { type ConfigDocument, configDocument } from '../contracts/config-document.ts';
import { type Endpoints, endpoints, METADATA_KEYS } from '../contracts/instance-metadata.ts';
import {
  agentName,
  channelsSecretId,
  configSecretId,
  keySecretId,
  SHARED_KEY_SECRET,
} from '../contracts/names.ts';
import { PlaneError } from '../contracts/plane-error.ts';
import type { Facts } from './core/facts.ts';
import { modelOf } from './core/openclaw-config.ts';
import { accessToken, metadataValue } from './google/metadata.ts';
import { readSecret, type SecretsAccess, secretsAccess } from './google/secrets.ts';
import type { Host } from './host.ts';

export interface Inputs {
  readonly config: ConfigDocument;
  readonly channels: ChannelsDocument;
  readonly facts: Facts;
}

function readConfig(host: Host, secret: string, text: string): ConfigDocument {
  const what = `Secret ${secret}`;
  const { known, unknown } = withoutUnknown(configDocument, jsonIn(what, text));
  if (unknown.length > 0)
    host.log(`agent: not known to this version, and left out: ${unknown.join(', ')}`);
  return checked(configDocument, what, known);
}

async function attribute(host: Host, key: string): Promise<string | undefined> {
  return metadataValue(host, `instance/attributes/${key}`);
}

async function required(host: Host, key: string): Promise<string> {
  const value = await attribute(host, key);
  if (value === undefined)
    throw new PlaneError('FAILED_PRECONDITION', `Instance metadata has no ${key}.`);
  return value;
}

/** @throws PlaneError INVALID_ARGUMENT that names it */
function jsonIn(what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not the cause: it could quote the text, and a token with it.
    throw new PlaneError('INVALID_ARGUMENT', `${what} is not JSON.`);
  }
}

/** @throws PlaneError INVALID_ARGUMENT that names it, and what is wrong with it */
function checked<T extends z.ZodType>(schema: T, what: string, document: unknown): z.output<T> {
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new PlaneError('INVALID_ARGUMENT', `${what} is not valid: ${wrong.join('; ')}.`);
}

/**
 * A text of JSON under its schema. @param what it is, for the message: `Secret agent-x-config`
 * @throws PlaneError INVALID_ARGUMENT that names it, and what is wrong with it
 */
export const parseAs = <T extends z.ZodType>(schema: T, what: string, text: string): z.output<T> =>
  checked(schema, what, jsonIn(what, text));

/**
 * A plane that is newer than this machine may write a field more. It is left out, and the rest is done: a
 * machine that refused the document would take no change at all until its next start.
 * @returns the document, and the names of what was left out
 */
export function withoutUnknown(
  schema: z.ZodType,
  document: unknown,
): { readonly known: unknown; readonly unknown: readonly string[] } {
  const issues = schema.safeParse(document).error?.issues ?? [];
  const unknown = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [],
  );
  const known = structuredClone(document);
  for (const path of unknown) {
    const way = path.map(String);
    const inside = way.slice(0, -1).reduce<Tree | undefined>((at, key) => at?.[key], known as Tree);
    delete inside?.[way.at(-1) ?? ''];
  }
  return { known, unknown: unknown.map((path) => path.join('.')) };
}

/** JSON, walked along a path that zod found in it. */
interface Tree {
  [key: string]: Tree | undefined;
}

/** The channels that were added; none when the secret is missing or empty. */
export async function readChannels(
  access: SecretsAccess,
  secret: string,
): Promise<ChannelsDocument> {
  const found = await readSecret(access, secret);
  return found === undefined ? {} : parseAs(channelsDocument, `Secret ${secret}`, found.value);
}

/** @throws PlaneError that says what to mend: metadata missing, secret missing or not valid. */
export async function readInputs(host: Host): Promise<Inputs> {
  const [name, planeUrl, overrides, bundleSha256, numberVersion, project, token] =
    await Promise.all([
      required(host, METADATA_KEYS.agent),
      required(host, METADATA_KEYS.planeUrl),
      attribute(host, METADATA_KEYS.endpoints),
      attribute(host, METADATA_KEYS.bundleSha256),
      attribute(host, METADATA_KEYS.whatsapp),
      metadataValue(host, 'project/project-id'),
      accessToken(host),
    ]);
  const agent = agentName.safeParse(name);
  if (!agent.success || project === undefined)
    throw new PlaneError('FAILED_PRECONDITION', 'Instance metadata does not name an agent.');
  const places: Endpoints = parseAs(
    endpoints,
    `Instance metadata ${METADATA_KEYS.endpoints}`,
    overrides ?? '{}',
  );
  const secret = configSecretId(agent.data);
  const access = await secretsAccess(host, { project, endpoints: places }, token);
  const [found, channels] = await Promise.all([
    readSecret(access, secret),
    readChannels(access, channelsSecretId(agent.data)),
  ]);
  if (found === undefined)
    throw new PlaneError('NOT_FOUND', `Secret ${secret} has no version that this VM may read.`);
  const config = readConfig(host, secret, found.value);
  const facts: Facts = {
    agent: agent.data,
    project,
    planeUrl,
    provider: modelOf(config).provider,
    endpoints: places,
    keySecret: keySecretId(agent.data),
    sharedKeySecret: SHARED_KEY_SECRET,
    channelsSecret: channelsSecretId(agent.data),
    configVersion: found.version,
    ...(bundleSha256 !== undefined && { bundleSha256 }),
    ...(numberVersion !== undefined && { numberVersion }),
  };
  return { config, channels, facts };
}
