/** What an agent's VM may ask for, on its own behalf alone: contracts/vm-api.ts. */

import { type AgentName, channelsSecretId, keySecretId } from '../../contracts/names.ts';
import type { ChannelsSecretAnswer, KeySecretAnswer } from '../../contracts/vm-api.ts';
import { intentOf } from '../core/intent.ts';
import { planFor } from '../core/plan.ts';
import { applyPlan } from './apply.ts';
import { type SelfTools, self } from './caller.ts';
import { observe } from './observe.ts';
import { desiredOf, runStep } from './steps.ts';

export type { SelfTools } from './caller.ts';
export { announceChannel } from './channel-notice.ts';
export {
  deleteMail,
  forgetReply,
  listInbox,
  listReplies,
  readMail,
  sendMail,
} from './owner-mail.ts';
export { pairingMail, pairingReply, reportChannel, reportWrongPhone } from './self-pairing.ts';
export { reportStatus } from './self-status.ts';
export { welcome } from './welcome.ts';

/** Creates the empty key secret and the agent's rights on it, should they be missing. */
export async function ensureKeySecret(tools: SelfTools, name: AgentName): Promise<KeySecretAnswer> {
  const [{ document }, observed] = await Promise.all([self(tools, name), observe(tools, name)]);
  const desired = desiredOf(tools, name, document, intentOf(observed));
  const steps = planFor('keySecret', desired, observed);
  await applyPlan(steps, runStep(tools, desired, observed, steps));
  return { secret: keySecretId(name) };
}

/** Creates the empty secret for added channels and the agent's rights on it, should they be missing. */
export async function ensureChannelsSecret(
  tools: SelfTools,
  name: AgentName,
): Promise<ChannelsSecretAnswer> {
  const id = channelsSecretId(name);
  const [{ document }, rest, channelsSecret, channelsPolicy] = await Promise.all([
    self(tools, name),
    observe(tools, name),
    tools.secrets.get(id),
    tools.secrets.policy(id),
  ]);
  const observed = { ...rest, channelsSecret, channelsPolicy };
  const desired = desiredOf(tools, name, document, intentOf(observed));
  const steps = planFor('channelsSecret', desired, observed);
  await applyPlan(steps, runStep(tools, desired, observed, steps));
  return { secret: id };
}
