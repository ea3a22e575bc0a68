/** What an agent's VM may ask for, on its own behalf alone: contracts/vm-api.ts. */

import { type AgentName, channelsSecretId, keySecretId } from '../../contracts/names.ts';
import type { ChannelsSecretAnswer, KeySecretAnswer } from '../../contracts/vm-api.ts';
import type { SelfTools } from './caller.ts';
import { settle } from './observe.ts';
import { ensureOwnSecret } from './own-secret.ts';

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
  await ensureOwnSecret(tools, name, 'keySecret');
  return { secret: keySecretId(name) };
}

/** Creates the empty secret for added channels and the agent's rights on it, should they be missing. */
export async function ensureChannelsSecret(
  tools: SelfTools,
  name: AgentName,
): Promise<ChannelsSecretAnswer> {
  const secret = channelsSecretId(name);
  await ensureOwnSecret(tools, name, 'channelsSecret', () =>
    settle({
      channelsSecret: tools.secrets.get(secret),
      channelsPolicy: tools.secrets.policy(secret),
    }),
  );
  return { secret };
}
