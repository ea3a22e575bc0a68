/** The agent whose VM is calling, and what its requests are served with. */

import type { ConfigDocument } from '../../contracts/config-document.ts';
import { PlaneError } from '../../contracts/errors.ts';
import { type AgentName, configSecretId } from '../../contracts/names.ts';
import { readDocument } from '../core/document.ts';
import { isOurs } from '../core/foreign.ts';
import { isServed, recordedIntent } from '../core/intent.ts';
import type { MailTemplates } from '../core/mail.ts';
import type { SecretState } from '../core/observed.ts';
import type { LinkTools } from './pairing-link.ts';
import type { Mailer, OwnerMailbox } from './ports.ts';
import type { Tools } from './steps.ts';

export interface SelfTools extends Tools, LinkTools {
  readonly mailer: Mailer;
  readonly mailbox: OwnerMailbox;
  readonly mailTemplates: MailTemplates;
  /** Contents of templates/plane/mail/budget.txt. */
  readonly budgetTemplate: string;
  /** Who hears that a budget is used up, or that a number of an agent's own has lost its link. */
  readonly admins: readonly string[];
}

export interface Self {
  readonly secret: SecretState;
  readonly document: ConfigDocument;
}

/**
 * @throws PlaneError FAILED_PRECONDITION when the agent was never provisioned, PERMISSION_DENIED
 *   when it is out of service: what was proven an hour ago must not open the owner's mailbox
 */
export async function self(tools: SelfTools, name: AgentName): Promise<Self> {
  const id = configSecretId(name);
  const [secret, latest] = await Promise.all([tools.secrets.get(id), tools.secrets.latest(id)]);
  const document = readDocument(latest?.payload);
  if (!secret || !document || !isOurs(secret.labels, name)) {
    throw new PlaneError('FAILED_PRECONDITION', 'This agent has no configuration in the plane.');
  }
  const { life } = recordedIntent(secret) ?? { life: 'running' };
  if (!isServed({ life })) {
    throw new PlaneError('PERMISSION_DENIED', 'This agent is out of service.');
  }
  return { secret, document };
}
