/** The mail that warns an owner of a channel which is being added to their agent: contracts/vm-api.ts. */

import type { AgentName } from '../../contracts/names.ts';
import { channelNotice } from '../../contracts/vm-api.ts';
import { renderChannelNotice } from '../core/channel-mail.ts';
import { ANNOTATION_NOTICES } from '../core/observed.ts';
import { parseBody } from '../core/request.ts';
import { type SelfTools, self } from './caller.ts';
import { countMail } from './owner-mail.ts';

const tooMany = (minutes: number): string =>
  `Too many channels were added of late. The next may be in ${minutes} minutes.`;

/**
 * Out of an allowance of its own: mails that the agent writes must not use this one up.
 * @throws PlaneError INVALID_ARGUMENT, RESOURCE_EXHAUSTED
 */
export async function announceChannel(
  tools: SelfTools,
  name: AgentName,
  body: unknown,
): Promise<Record<string, never>> {
  const notice = parseBody(channelNotice, body);
  const { document } = await self(tools, name);
  await countMail(tools, name, ANNOTATION_NOTICES, tooMany);
  const mail = renderChannelNotice(tools.mailTemplates, name, document, notice);
  await tools.mailer.send({ to: document.user, ...mail, id: tools.newId() });
  return {};
}
