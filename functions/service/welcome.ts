/** The welcome mail: `POST /v1/self/welcome`, and whenever a number of an agent's own is linked. */

import type { AgentName } from '../../contracts/names.ts';
import type { WelcomeAnswer } from '../../contracts/vm-api.ts';
import { parseChannel } from '../core/channel.ts';
import { renderWelcome } from '../core/mail.ts';
import { ANNOTATION_CHANNEL, ANNOTATION_WELCOME } from '../core/observed.ts';
import { type SelfTools, self } from './caller.ts';
import { issueLink } from './pairing-link.ts';
import { sendOnce } from './send-once.ts';

/**
 * Sends the welcome mail exactly once in the agent's life (docs/decisions/012); to an owner who
 * is to write to a number of the agent's own, when somebody answers there.
 * @throws PlaneError ABORTED while another attempt may still be under way: ask again later
 */
export async function welcome(tools: SelfTools, name: AgentName): Promise<WelcomeAnswer> {
  const { secret, document } = await self(tools, name);
  const { mode } = document.whatsapp;
  const note = parseChannel(secret.annotations[ANNOTATION_CHANNEL]);
  // What was linked once had its welcome then; a link that was lost since changes nothing.
  if (mode === 'dedicated' && !note) return { sent: 'not-yet' };
  const sent = await sendOnce(tools, name, {
    annotation: ANNOTATION_WELCOME,
    id: (state) => state?.id ?? tools.newId(),
    to: document.user,
    render: async () => {
      const link = mode === 'linked' ? await issueLink(tools, name, false) : undefined;
      return renderWelcome(tools.mailTemplates, name, document, link);
    },
  });
  return { sent };
}
