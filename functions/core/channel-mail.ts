/** What the owner reads when a channel is being added to their agent. */

import Mustache from 'mustache';
import { CHANNEL_TITLES } from '../../contracts/channels.ts';
import type { ConfigDocument } from '../../contracts/config-document.ts';
import type { AgentName } from '../../contracts/names.ts';
import { CLI } from '../../contracts/names.ts';
import type { ChannelNotice } from '../../contracts/vm-api.ts';
import { footerFor, type MailTemplates } from './mail.ts';

export function renderChannelNotice(
  templates: MailTemplates,
  name: AgentName,
  document: ConfigDocument,
  { channel, owner }: ChannelNotice,
): { readonly subject: string; readonly text: string } {
  const title = CHANNEL_TITLES[channel];
  const whom = owner === undefined ? 'your phone number' : `the ${title} user ${owner}`;
  const view = { cli: CLI, title, whom, name, footer: footerFor(name, document) };
  return {
    subject: `${title} is being added to your assistant`,
    text: Mustache.render(templates['channel.txt'] ?? '', view, {}, { escape: String }),
  };
}
