/**
 * Buttons and lists on WhatsApp's wire. Pure.
 * https://developers.facebook.com/docs/whatsapp/cloud-api/messages/interactive-list-messages
 */

import { DESCRIPTION_CHARS, ROW_CHARS, shorten } from '../../format/choices.ts';
import type { Reply } from '../../message.ts';

/** @param reply as the pipeline shaped it */
export function interactiveOf(reply: Extract<Reply, { kind: 'choices' }>): object {
  const { text, choices, label = '', shape } = reply;
  const body = { text };
  if (shape === 'buttons') {
    const buttons = choices.map(({ id, title }) => ({ type: 'reply', reply: { id, title } }));
    return { type: 'button', body, action: { buttons } };
  }
  const rows = choices.map(({ id, title }) => {
    // What the title has no room for is told below it.
    const long = title.length > ROW_CHARS && { description: shorten(title, DESCRIPTION_CHARS) };
    return { id, title: shorten(title, ROW_CHARS), ...long };
  });
  return { type: 'list', body, action: { button: label, sections: [{ rows }] } };
}
