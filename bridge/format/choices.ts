/**
 * Choices in the shapes that WhatsApp has: up to three buttons, a list of up to ten rows, and text
 * for whatever does not fit. Pure.
 * https://developers.facebook.com/docs/whatsapp/cloud-api/messages/interactive-reply-buttons-messages
 */

import type { Choice, Reply } from '../message.ts';
import { GRAPHEMES } from './split.ts';

const MAX_BUTTONS = 3;
const MAX_ROWS = 10;
const BUTTON_CHARS = 20;
export const ROW_CHARS = 24;
export const DESCRIPTION_CHARS = 72;
/** Of a button; a list's rows have 200. */
const MAX_ID = 200;
/** Of the text above; a longer one is a message of its own. */
const BODY_CHARS = 1_024;
const DEFAULT_LABEL = 'Choose';

/** At most so many UTF-16 units, cut between graphemes, the cut shown. */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  let kept = '';
  for (const { segment } of GRAPHEMES.segment(text)) {
    if (kept.length + segment.length > limit - 1) break;
    kept += segment;
  }
  return `${kept.trimEnd()}…`;
}

export type ChoiceShape = 'buttons' | 'list' | 'text';

/** WhatsApp refuses a message with two titles, or two ids, that are the same. */
function shapeOf(choices: readonly Choice[], titleChars: number): ChoiceShape {
  const titles = choices.map(({ title }) => shorten(title, titleChars));
  const unique = [titles, choices.map(({ id }) => id)].every(
    (all) => new Set(all).size === all.length,
  );
  const fits = unique && choices.every(({ id, title }) => id.length <= MAX_ID && title !== '');
  if (!fits || choices.length === 0 || choices.length > MAX_ROWS) return 'text';
  const short = choices.every(({ title }) => title.length <= BUTTON_CHARS);
  return choices.length <= MAX_BUTTONS && short ? 'buttons' : 'list';
}

/**
 * @param reply text and choices as the handler gave them
 * @returns messages in order: a long text first, by itself; the choices as text where WhatsApp has
 *   no shape for them
 */
export function choiceMessages(reply: Extract<Reply, { kind: 'choices' }>): Reply[] {
  const { text, choices, label = DEFAULT_LABEL } = reply;
  const shape = shapeOf(choices, ROW_CHARS);
  if (shape === 'text') {
    const lines = choices.map(({ title }, index) => `${index + 1}. ${title}`);
    return [{ kind: 'text', text: [text, ...lines].join('\n'), markup: 'plain' }];
  }
  const long = text.length > BODY_CHARS;
  const before: Reply[] = long ? [{ kind: 'text', text, markup: 'plain' }] : [];
  const body = long || text === '' ? label : text;
  return [
    ...before,
    { kind: 'choices', shape, text: body, choices, label: shorten(label, BUTTON_CHARS) },
  ];
}
