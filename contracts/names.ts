/**
 * Names of everything that belongs to one agent, as small value types.
 *
 * The table is DESIGN.md's "Names". Limits: a service account id has 6-30 characters
 * (https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/create),
 * which is the narrowest of all and leaves 24 for the agent's own name.
 */

import { z } from 'zod';

/**
 * How the CLI is called in the checkout, and told to admins. Not `npx agents-plane`: anywhere else,
 * that fetches whatever package of this name a stranger published, and runs it.
 */
export const CLI = './scripts/agents-plane';

export const AGENT_NAME_MAX = 24;

/** `allison`, `j-smith-3fa9c1`: what all other names of an agent are built from. */
export const agentName = z
  .string()
  .max(AGENT_NAME_MAX)
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/)
  .brand<'AgentName'>();
export type AgentName = z.infer<typeof agentName>;

export const LABEL_MANAGED_BY = 'managed-by';
export const LABEL_AGENT = 'agents-plane-agent';
export const MANAGED_BY = 'agents-plane';

/** The labels that everything we create carries, and without which we touch nothing. */
export function labelsOf(name: AgentName): Record<string, string> {
  return { [LABEL_MANAGED_BY]: MANAGED_BY, [LABEL_AGENT]: name };
}

/** The fallback key of the organisation, used while an agent has none of its own. */
export const SHARED_KEY_SECRET = 'agents-plane-api-key';

/** Signs the pairing links; made by the plane when it needs it first. */
export const LINK_KEY_SECRET = 'agents-plane-link-key';

/** Of every name of an agent's. */
export const ID_PREFIX = 'agent-';
/** Of the secret that is an agent's record; none without it. */
export const CONFIG_SUFFIX = '-config';

export const instanceName = (name: AgentName): string => `${ID_PREFIX}${name}`;
export const dataDiskName = (name: AgentName): string => `${ID_PREFIX}${name}-data`;
export const serviceAccountId = (name: AgentName): string => `${ID_PREFIX}${name}`;
export const configSecretId = (name: AgentName): string => `${ID_PREFIX}${name}${CONFIG_SUFFIX}`;
export const keySecretId = (name: AgentName): string => `${ID_PREFIX}${name}-api-key`;
/** Key of the agent's own for its backups; the plane never reads it. */
export const backupSecretId = (name: AgentName): string => `${ID_PREFIX}${name}-backup-key`;
export const channelsSecretId = (name: AgentName): string => `${ID_PREFIX}${name}-channels`;
/** Credentials of a business number (contracts/whatsapp-number.ts). */
export const numberSecretId = (name: AgentName): string => `${ID_PREFIX}${name}-whatsapp`;
/** Pub/Sub topic, and its one subscription, on which the agent's webhooks wait. */
export const webhookQueueId = (name: AgentName): string => `${ID_PREFIX}${name}-whatsapp`;

/** Of everything that carries an agent's labels: its VM and disks, its secrets, its queue. */
const ID_MAKERS: readonly ((name: AgentName) => string)[] = [
  instanceName,
  dataDiskName,
  configSecretId,
  keySecretId,
  backupSecretId,
  channelsSecretId,
  numberSecretId,
  webhookQueueId,
];
export const idsOf = (name: AgentName): readonly string[] => ID_MAKERS.map((make) => make(name));

export const serviceAccountEmail = (name: AgentName, project: string): string =>
  `${serviceAccountId(name)}@${project}.iam.gserviceaccount.com`;

/** The agent an instance or service account id belongs to, or undefined when it is not one of ours. */
export function agentOfInstance(instance: string): AgentName | undefined {
  if (!instance.startsWith(ID_PREFIX)) return undefined;
  return agentName.safeParse(instance.slice(ID_PREFIX.length)).data;
}

/** What each of the ids adds to that of the VM, the VM's own nothing last. */
const ID_ENDS: readonly string[] = idsOf('x' as AgentName)
  .map((id) => id.slice(instanceName('x' as AgentName).length))
  .sort((a, b) => b.length - a.length);

/** The agent that a VM, disk or secret of ours is named after; undefined when the name is none of ours. */
export function agentOfId(id: string): AgentName | undefined {
  const end = ID_ENDS.find((each) => id.endsWith(each)) ?? '';
  return agentOfInstance(id.slice(0, id.length - end.length));
}

/** Object of the plane's bucket with the agent's encrypted WhatsApp credentials. */
export const backupObject = (name: AgentName): string => `agents/${name}/whatsapp`;
