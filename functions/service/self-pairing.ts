/** What an agent's VM reports of its WhatsApp, and the mails that come of it: contracts/vm-api.ts. */

import type { ConfigDocument } from '../../contracts/config-document.ts';
import { PlaneError } from '../../contracts/errors.ts';
import type { AgentName } from '../../contracts/names.ts';
import {
  type ChannelReport,
  channelReport,
  type PairingReplyAnswer,
  pairingMailRequest,
  wrongPhoneReport,
} from '../../contracts/vm-api.ts';
import { formatChannel, hasDevice, parseChannel } from '../core/channel.ts';
import {
  CODE_CID,
  renderCodeMail,
  renderLost,
  renderNumberChanged,
  renderWrongPhone,
} from '../core/mail.ts';
import { LINK_MAILS } from '../core/mail-allowance.ts';
import {
  ANNOTATION_CHANNEL,
  ANNOTATION_LINK,
  ANNOTATION_LINK_MAILS,
  ANNOTATION_LOST_MAIL,
  ANNOTATION_REPLY,
  ANNOTATION_WRONG_PHONE_MAIL,
} from '../core/observed.ts';
import { saysConnect } from '../core/reply.ts';
import { parseBody } from '../core/request.ts';
import { annotate } from './annotations.ts';
import { type SelfTools, self } from './caller.ts';
import { countMail } from './owner-mail.ts';
import { issueLink } from './pairing-link.ts';
import { sendOnce } from './send-once.ts';
import { welcome } from './welcome.ts';

const PNG_PREFIX = 'data:image/png;base64,';
/** Milliseconds. A mail takes its time, and a person takes theirs. */
const CODE_WORTH_MAILING_MS = 15_000;

/** @throws PlaneError FAILED_PRECONDITION when the agent talks from a business number */
function demandDevice(document: ConfigDocument): void {
  if (hasDevice(document)) return;
  throw new PlaneError('FAILED_PRECONDITION', 'This agent has no WhatsApp that could be linked.');
}

/** Milliseconds by which a VM's clock may be ahead: Google keeps both to seconds. */
const AHEAD_MS = 5 * 60_000;

/** A report from the future would silence all that come before its time. @throws PlaneError INVALID_ARGUMENT */
function demandPast({ clock }: SelfTools, at: string): void {
  if (Date.parse(at) <= clock.now() + AHEAD_MS) return;
  throw new PlaneError('INVALID_ARGUMENT', 'This report is from the future.', {
    details: [{ field: 'at', problem: 'is later than now', fix: "set the VM's clock" }],
  });
}

/** Written down first, then told: a report whose answer got lost is repeated, and mails nobody twice. */
export async function reportChannel(
  tools: SelfTools,
  name: AgentName,
  body: unknown,
): Promise<object> {
  const report = parseBody(channelReport, body);
  demandPast(tools, report.at);
  const { document } = await self(tools, name);
  // A business number is neither linked nor logged out, but it can be deaf.
  if (report.state !== 'deaf' && report.state !== 'restored') demandDevice(document);
  if (!(await remember(tools, name, report))) return {};
  if (report.state === 'linked' && document.whatsapp.mode === 'dedicated') {
    await welcome(tools, name);
  }
  if (report.state === 'logged-out' || report.state === 'number-changed') {
    await tellOfLoss(tools, name, document, report);
  }
  return {};
}

/** @returns whether this report is the newest one there is, new or repeated */
async function remember(
  tools: SelfTools,
  name: AgentName,
  { state: event, at }: ChannelReport,
): Promise<boolean> {
  const written = formatChannel({ event, at });
  const annotations = await annotate(tools, name, (found) => {
    const known = parseChannel(found[ANNOTATION_CHANNEL]);
    if (found[ANNOTATION_CHANNEL] === written) return undefined;
    const isLater = known && Date.parse(known.at) > Date.parse(at);
    // One that claims to be of later than now counts for nothing.
    if (isLater && Date.parse(known.at) <= tools.clock.now() + AHEAD_MS) return undefined;
    // A link is used up when somebody has linked with it: another generation, and it is dead.
    const spent = event === 'linked' ? { [ANNOTATION_LINK]: tools.newId() } : {};
    return { [ANNOTATION_CHANNEL]: written, ...spent };
  });
  return annotations[ANNOTATION_CHANNEL] === written;
}

/** The owner links their own WhatsApp; the number of an agent's own is the admins' to link. */
const whoLinks = ({ admins }: SelfTools, { user, whatsapp }: ConfigDocument): readonly string[] =>
  whatsapp.mode === 'linked' ? [user] : admins;

/** Once a day, by the plane's clock: who holds the link may scan as often as the VM lets them. */
export async function reportWrongPhone(
  tools: SelfTools,
  name: AgentName,
  body: unknown,
): Promise<object> {
  const { at: _, ...phones } = parseBody(wrongPhoneReport, body);
  const { document } = await self(tools, name);
  demandDevice(document);
  const to = whoLinks(tools, document);
  if (to.length === 0) return {};
  await sendOnce(tools, name, {
    annotation: ANNOTATION_WRONG_PHONE_MAIL,
    id: () => `wrong-phone-${name}-${new Date(tools.clock.now()).toISOString().slice(0, 10)}`,
    to,
    render: async () =>
      renderWrongPhone(
        tools.mailTemplates,
        name,
        document,
        phones,
        await issueLink(tools, name, false),
      ),
  });
  return {};
}

const tooMany = (minutes: number): string =>
  `Too many mails about this link. The next may go out in ${minutes} minutes.`;

/** @throws PlaneError RESOURCE_EXHAUSTED: the VM tells it again */
async function tellOfLoss(
  tools: SelfTools,
  name: AgentName,
  document: ConfigDocument,
  { at, state }: ChannelReport,
): Promise<void> {
  const to = whoLinks(tools, document);
  if (to.length === 0) return;
  const changed = state === 'number-changed';
  const render = changed ? renderNumberChanged : renderLost;
  await sendOnce(tools, name, {
    annotation: ANNOTATION_LOST_MAIL,
    id: () => `${changed ? 'changed' : 'lost'}-${name}-${Date.parse(at).toString(36)}`,
    to,
    count: () => countMail(tools, name, ANNOTATION_LINK_MAILS, tooMany, LINK_MAILS),
    render: async () =>
      render(tools.mailTemplates, name, document, await issueLink(tools, name, false)),
  });
}

/**
 * The code, straight into the owner's mailbox: nobody else's, and no copy of it anywhere.
 * @throws PlaneError FAILED_PRECONDITION when it would come too late, or the owner has nothing to scan
 */
export async function pairingMail(
  tools: SelfTools,
  name: AgentName,
  body: unknown,
): Promise<object> {
  const { qr, until } = parseBody(pairingMailRequest, body);
  const { document } = await self(tools, name);
  if (document.whatsapp.mode !== 'linked') {
    throw new PlaneError('FAILED_PRECONDITION', 'The owner of this agent has nothing to scan.');
  }
  if (Date.parse(until) - tools.clock.now() < CODE_WORTH_MAILING_MS) {
    throw new PlaneError('FAILED_PRECONDITION', 'The code would be dead before the mail is read.');
  }
  const link = await issueLink(tools, name, false);
  const mail = renderCodeMail(tools.mailTemplates, name, document, link, until);
  const png = Buffer.from(qr.slice(PNG_PREFIX.length), 'base64');
  const picture = { cid: CODE_CID, png };
  await tools.mailer.deliver({ to: document.user, id: tools.newId(), ...mail, picture });
  return {};
}

/** Milliseconds. Who wrote longer ago does not wait for a code any more. */
const REPLY_COUNTS_MS = 30 * 60_000;

/**
 * Each reply counts once, and not for long: the newest that was acted upon is written down before it
 * is told.
 */
export async function pairingReply(tools: SelfTools, name: AgentName): Promise<PairingReplyAnswer> {
  const { secret, document } = await self(tools, name);
  if (document.whatsapp.mode !== 'linked') return { connect: false };
  const last = Number(secret.annotations[ANNOTATION_REPLY] ?? 0);
  const after = Math.max(last, tools.clock.now() - REPLY_COUNTS_MS);
  const replies = await tools.mailer.repliesAfter(document.user, after);
  const newest = Math.max(0, ...replies.filter(saysConnect).map(({ at }) => at));
  if (newest <= after) return { connect: false };
  const written = await annotate(tools, name, (found) =>
    Number(found[ANNOTATION_REPLY] ?? 0) >= newest
      ? undefined
      : { [ANNOTATION_REPLY]: String(newest) },
  );
  return { connect: written[ANNOTATION_REPLY] === String(newest) };
}
