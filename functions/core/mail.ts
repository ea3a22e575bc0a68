/** The plane's mails: a template each, in HTML and in text, in one frame. */

import Mustache from 'mustache';
import type { PairingLink } from '../../contracts/agent.ts';
import type { ConfigDocument } from '../../contracts/config-document.ts';
import type { AgentName } from '../../contracts/names.ts';
import { CLI } from '../../contracts/names.ts';
import type { WrongPhone } from '../../contracts/pairing.ts';
import { showPhone } from './phone.ts';

const WELCOME_SUBJECT = 'Your AI assistant is ready! 🤖';

/** Contents of templates/plane/mail/, by file name. */
export type MailTemplates = Readonly<Record<string, string>>;

export interface RenderedMail {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
}

export interface Button {
  readonly url: string;
  readonly label: string;
}

export interface MailView {
  readonly subject: string;
  /** What mail programs show beside the subject. */
  readonly preview: string;
  readonly footer: string;
  /** The next step: one per mail. */
  readonly button?: Button | undefined;
  readonly [field: string]: unknown;
}

/** @throws Error when the build forgot a template */
function part(templates: MailTemplates, name: string): string {
  const text = templates[name];
  if (text === undefined) throw new Error(`templates/plane/mail/${name} is missing`);
  return text;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Without the slashes, which mustache escapes too: a link stays one to whoever scans a mail for links. */
const escapeHtml = (value: unknown): string =>
  String(value).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);

/**
 * @param name of the two files, without their endings
 * @param view values are escaped by mustache in the HTML, and stand as they are in the text
 */
function renderMail(templates: MailTemplates, name: string, view: MailView): RenderedMail {
  const whole = { ...view, cli: CLI };
  const partials = {
    body: part(templates, `${name}.html`),
    button: part(templates, 'button.html'),
  };
  return {
    subject: view.subject,
    html: Mustache.render(part(templates, 'frame.html'), whole, partials, { escape: escapeHtml }),
    text: Mustache.render(part(templates, `${name}.txt`), whole, {}, { escape: String }),
  };
}

/** As people in that zone write it: `Friday 27 November at 18:30 CET`, or `18:30:05 CET`. The zone is the agent's, not the reader's. */
function showTime(at: string, timeZone: string, seconds = false): string {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone,
    timeZoneName: 'short',
    ...{ hour: '2-digit', minute: '2-digit' },
    ...(seconds ? { second: '2-digit' } : { weekday: 'long', day: 'numeric', month: 'long' }),
  }).format(new Date(at));
}

const ADMIN_FOOTER = 'Sent to the administrators of Agents Plane.';

export const footerFor = (name: AgentName, { user }: ConfigDocument): string =>
  `Your AI assistant (${name}). Sent to ${user} because your organisation set up an assistant for you.`;

/**
 * The welcome mail (seeds/000, phase 1): what it says in each WhatsApp mode.
 * @param link to connect with; in mode `linked` alone
 */
export function renderWelcome(
  templates: MailTemplates,
  name: AgentName,
  document: ConfigDocument,
  link: PairingLink | undefined,
): RenderedMail {
  const linked = document.whatsapp.mode === 'linked';
  const { whatsappNumber: number, profile, timezone } = document;
  // wa.me wants digits alone: https://faq.whatsapp.com/5913398998672934
  const chat = number && { url: `https://wa.me/${number.slice(1)}`, label: 'Open the chat' };
  return renderMail(templates, 'welcome', {
    subject: WELCOME_SUBJECT,
    preview: linked ? 'One step is left: connect WhatsApp.' : 'Say hello on WhatsApp.',
    footer: footerFor(name, document),
    linked,
    ownNumber: !linked,
    number: number === undefined ? '' : showPhone(number),
    button: linked ? link && { url: link.url, label: 'Connect WhatsApp' } : chat || undefined,
    expires: link ? showTime(link.expires, timezone) : '',
    phoneEnd: document.userPhone.slice(-2),
    supportDesk: profile === 'support-desk',
    backendGateway: profile === 'backend-gateway',
    assistant: profile === 'assistant',
  });
}

/** The mail with a code in it: the picture is attached, and shown as `cid:code`. */
export const CODE_CID = 'code';

/** @param until RFC 3339; when the code dies */
export function renderCodeMail(
  templates: MailTemplates,
  name: AgentName,
  document: ConfigDocument,
  link: PairingLink,
  until: string,
): RenderedMail {
  return renderMail(templates, 'code', {
    subject: 'Your WhatsApp code: scan it within a minute',
    preview: 'On a computer or tablet, with your phone in hand.',
    footer: footerFor(name, document),
    until: showTime(until, document.timezone, true),
    button: { url: link.url, label: 'Open the page' },
  });
}

/** A mail about a link goes to the owner, or to the admins of a number of the agent's own. */
function toLinker(name: AgentName, document: ConfigDocument) {
  const owner = document.whatsapp.mode === 'linked';
  return { owner, admin: !owner, name, footer: owner ? footerFor(name, document) : ADMIN_FOOTER };
}

/** What such a mail says where the link has to be made again. */
function toLinkAgain(name: AgentName, document: ConfigDocument, link: PairingLink) {
  const { user, whatsappNumber, timezone } = document;
  const to = toLinker(name, document);
  return {
    ...to,
    user,
    number: whatsappNumber === undefined ? '' : showPhone(whatsappNumber),
    button: { url: link.url, label: to.owner ? 'Connect WhatsApp' : 'Link the number' },
    expires: showTime(link.expires, timezone),
  };
}

/** The phone or WhatsApp ended the link. */
export function renderLost(
  templates: MailTemplates,
  name: AgentName,
  document: ConfigDocument,
  link: PairingLink,
): RenderedMail {
  const again = toLinkAgain(name, document, link);
  return renderMail(templates, 'lost', {
    ...again,
    subject: again.owner
      ? 'We lost our WhatsApp connection'
      : `Agent ${name} is not on WhatsApp any more`,
    preview: again.owner ? 'Connect me again to go on.' : 'Its number has to be linked again.',
  });
}

/** An admin gave the agent another number, and the link of the one before was taken back. */
export function renderNumberChanged(
  templates: MailTemplates,
  name: AgentName,
  document: ConfigDocument,
  link: PairingLink,
): RenderedMail {
  const again = toLinkAgain(name, document, link);
  return renderMail(templates, 'number-changed', {
    ...again,
    subject: again.owner
      ? 'Your number was changed: connect your WhatsApp again'
      : `Agent ${name} has another number: link it`,
    preview: 'The number before is not connected any more.',
    phoneEnd: document.userPhone.slice(-2),
  });
}

/** Somebody scanned with another phone: to whoever was to scan. */
export function renderWrongPhone(
  templates: MailTemplates,
  name: AgentName,
  document: ConfigDocument,
  { scanned, expected }: WrongPhone,
  link: PairingLink,
): RenderedMail {
  const to = toLinker(name, document);
  return renderMail(templates, 'wrong-phone', {
    ...to,
    subject: to.owner
      ? 'Another phone scanned your code'
      : `Agent ${name}: another phone was scanned`,
    preview: 'Nothing was linked.',
    scanned,
    expected,
    button: { url: link.url, label: 'Show a new code' },
  });
}
