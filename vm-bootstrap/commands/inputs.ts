/** What a bootstrap starts from: the instance's metadata and the newest config document. */

import { type ConfigDocument, configDocument } from '../../contracts/config-document.ts';
import { endpoints, METADATA_KEYS } from '../../contracts/instance-metadata.ts';
import {
  agentName,
  configSecretId,
  keySecretId,
  SHARED_KEY_SECRET,
} from '../../contracts/names.ts';
import { PlaneError } from '../../contracts/plane-error.ts';
import type { Facts } from '../core/facts.ts';
import { modelOf } from '../core/openclaw-config.ts';
import { accessToken, metadataValue } from '../google/metadata.ts';
import { readSecret } from '../google/secrets.ts';
import type { Host } from '../host.ts';

export interface Inputs {
  readonly config: ConfigDocument;
  readonly facts: Facts;
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

function parseDocument(secret: string, text: string): ConfigDocument {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw new PlaneError('INVALID_ARGUMENT', `Secret ${secret} is not JSON.`, { cause });
  }
  const parsed = configDocument.safeParse(document);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new PlaneError('INVALID_ARGUMENT', `Secret ${secret} is not valid: ${wrong.join('; ')}.`);
}

/** @throws PlaneError that says what to mend: metadata missing, secret missing or not valid. */
export async function readInputs(host: Host): Promise<Inputs> {
  const [name, planeUrl, overrides, bundleSha256, project, token] = await Promise.all([
    required(host, METADATA_KEYS.agent),
    required(host, METADATA_KEYS.planeUrl),
    attribute(host, METADATA_KEYS.endpoints),
    attribute(host, METADATA_KEYS.bundleSha256),
    metadataValue(host, 'project/project-id'),
    accessToken(host),
  ]);
  const agent = agentName.safeParse(name);
  if (!agent.success || project === undefined)
    throw new PlaneError('FAILED_PRECONDITION', 'Instance metadata does not name an agent.');
  const places = endpoints.parse(overrides === undefined ? {} : JSON.parse(overrides));
  const secret = configSecretId(agent.data);
  const found = await readSecret({ host, project, token, endpoint: places.secretmanager }, secret);
  if (found === undefined)
    throw new PlaneError('NOT_FOUND', `Secret ${secret} has no version that this VM may read.`);
  const config = parseDocument(secret, found.value);
  const facts: Facts = {
    agent: agent.data,
    project,
    planeUrl,
    provider: modelOf(config).provider,
    endpoints: places as Facts['endpoints'],
    keySecret: keySecretId(agent.data),
    sharedKeySecret: SHARED_KEY_SECRET,
    configVersion: found.version,
    ...(bundleSha256 !== undefined && { bundleSha256 }),
  };
  return { config, facts };
}
