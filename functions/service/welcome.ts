/** The welcome mail: `POST /v1/self/welcome`, and whenever a number of an agent's own is linked. */

import { type AgentName, numberSecretId } from '../../contracts/names.ts';
import type { WelcomeAnswer } from '../../contracts/vm-api.ts';
import { hasDevice, parseChannel } from '../core/channel.ts';
import { renderWelcome } from '../core/mail.ts';
import { isConnected, readCredentials } from '../core/number-credentials.ts';
import { ANNOTATION_CHANNEL, ANNOTATION_WELCOME } from '../core/observed.ts';
import { type Self, type SelfTools, self } from './caller.ts';
import { issueLink } from './pairing-link.ts';
import { sendOnce } from './send-once.ts';

/**
 * Whether somebody answers where the owner is to write: at a number of the agent's own once it is
 * linked (what was linked once had its welcome then; a link that was lost since changes nothing),
 * at a business number once it is connected. A VM that is told of a number asks again
 * (vm-bootstrap/steps/welcome.ts), with the bridge that answers running.
 */
async function isAnswered(
  { secrets }: Pick<SelfTools, 'secrets'>,
  name: AgentName,
  { secret, document }: Self,
): Promise<boolean> {
  if (document.whatsapp.mode === 'linked') return true;
  if (hasDevice(document))
    return parseChannel(secret.annotations[ANNOTATION_CHANNEL]) !== undefined;
  const number = await secrets.latest(numberSecretId(name));
  return isConnected(readCredentials(number?.payload), document);
}

/**
 * Sends the welcome mail exactly once in the agent's life (docs/decisions/012), when somebody
 * answers where it says to write.
 * @throws PlaneError ABORTED while another attempt may still be under way: ask again later
 */
export async function welcome(tools: SelfTools, name: AgentName): Promise<WelcomeAnswer> {
  const found = await self(tools, name);
  const { document } = found;
  if (!(await isAnswered(tools, name, found))) return { sent: 'not-yet' };
  const sent = await sendOnce(tools, name, {
    annotation: ANNOTATION_WELCOME,
    id: (state) => state?.id ?? tools.newId(),
    to: document.user,
    render: async () => {
      const link =
        document.whatsapp.mode === 'linked' ? await issueLink(tools, name, false) : undefined;
      return renderWelcome(tools.mailTemplates, name, document, link);
    },
  });
  return { sent };
}
