/** The welcome mail (seeds/000, phase 1): what it says in each WhatsApp mode. */

import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import Mustache from 'mustache';
import type { ConfigDocument } from '../../contracts/config-document.ts';
import type { AgentName } from '../../contracts/names.ts';

export const WELCOME_SUBJECT = 'Your AI assistant is ready! 🤖';

/** Contents of templates/plane/mail/. */
export interface MailTemplates {
  readonly html: string;
  readonly text: string;
}

export interface RenderedMail {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
}

/**
 * `+15559876543` -> `+1 (555) 987-6543`; other countries as they write it, with the country
 * code in front; numbers that no plan knows stay as they are.
 */
export function showPhone(phone: string): string {
  const parsed = parsePhoneNumberFromString(phone);
  if (!parsed) return phone;
  if (parsed.countryCallingCode !== '1') return parsed.formatInternational();
  const national = parsed.nationalNumber;
  if (national.length !== 10) return parsed.formatInternational();
  return `+1 (${national.slice(0, 3)}) ${national.slice(3, 6)}-${national.slice(6)}`;
}

/** Values are escaped by mustache in the HTML; the text template writes them as they are. */
export function renderWelcome(
  templates: MailTemplates,
  name: AgentName,
  document: ConfigDocument,
): RenderedMail {
  const linked = document.whatsapp.mode === 'linked';
  const number = document.whatsappNumber;
  const view = {
    name,
    user: document.user,
    linked,
    ownNumber: !linked,
    number: number === undefined ? '' : showPhone(number),
    // wa.me wants digits alone: https://faq.whatsapp.com/5913398998672934
    chatLink: number === undefined ? '' : `https://wa.me/${number.slice(1)}`,
    supportDesk: document.profile === 'support-desk',
    backendGateway: document.profile === 'backend-gateway',
    assistant: document.profile === 'assistant',
  };
  return {
    subject: WELCOME_SUBJECT,
    html: Mustache.render(templates.html, view),
    text: Mustache.render(templates.text, view, {}, { escape: String }),
  };
}
