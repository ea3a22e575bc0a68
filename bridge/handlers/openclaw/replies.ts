/**
 * What a payload of OpenClaw's says, as replies. Pure. Its fields as of 2026.9.6 (`ReplyPayload`):
 * text, files, a presentation with buttons or a selection, a place. It has no reaction; one is a
 * directive of ours in the text, `[[react:👍]]`, to the message that is answered.
 */

import { z } from 'zod';
import type { Choice, Reply } from '../../message.ts';

const control = z.looseObject({
  label: z.string(),
  action: z
    .looseObject({
      type: z.string(),
      value: z.string().optional(),
      command: z.string().optional(),
      url: z.string().optional(),
    })
    .nullish(),
  value: z.string().nullish(),
  url: z.string().nullish(),
});
type Control = z.infer<typeof control>;

const block = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  placeholder: z.string().optional(),
  buttons: z.array(control).optional(),
  options: z.array(control).optional(),
});
type Block = z.infer<typeof block>;
/** Blocks that are new or broken are left out; the text is in the payload as well. */
const blocks = z
  .array(z.unknown())
  .transform((all) => all.flatMap((one) => block.safeParse(one).data ?? []));
const presented = z
  .looseObject({ title: z.string().optional(), blocks })
  .nullish()
  .catch(undefined);

const words = z.string().nullish().catch(undefined);
const addresses = z
  .array(z.unknown())
  .transform((all) => all.filter((one) => typeof one === 'string'))
  .nullish()
  .catch(undefined);
const flag = z.boolean().nullish().catch(undefined);

const payload = z.looseObject({
  text: words,
  mediaUrl: words,
  mediaUrls: addresses,
  presentation: presented,
  /** What `presentation` was before. */
  interactive: presented,
  location: z
    .looseObject({
      latitude: z.number(),
      longitude: z.number(),
      name: z.string().nullish(),
      address: z.string().nullish(),
    })
    .nullish()
    .catch(undefined),
  isError: flag,
  isReasoning: flag,
});
export type Payload = z.infer<typeof payload>;

function known(one: unknown): Payload[] {
  const { data } = payload.safeParse(one);
  return data ? [data] : [];
}

/** A field, or a payload, of a shape that nobody here knows costs the others nothing. */
export const payloads = z.array(z.unknown()).transform((all) => all.flatMap(known));

const REACTION = /\[\[react:\s*(\p{RGI_Emoji}|\p{Extended_Pictographic})?\s*\]\]/gv;

const text = (words: string): Reply => ({ kind: 'text', text: words, markup: 'markdown' });

/** @param to the message that is answered */
export function textReplies(words: string, to: string): Reply[] {
  const reactions = [...words.matchAll(REACTION)].slice(-1);
  const said = words.replace(REACTION, '').trim();
  return [
    ...reactions.map(([, emoji = '']): Reply => ({ kind: 'reaction', emoji, to })),
    ...(said === '' ? [] : [text(said)]),
  ];
}

/** An address on the internet is WhatsApp's to fetch; all else is for the gateway to give out, or not. */
const fileReply = (source: string): Reply =>
  source.startsWith('https://') ? { kind: 'media', url: source } : { kind: 'file', path: source };

const linkOf = ({ action, url }: Control): string | undefined => action?.url ?? url ?? undefined;

/** What comes back with a tap; approvals and the like are for whoever sits at the console. */
const idOf = ({ label, action, value }: Control): string =>
  action?.value ?? action?.command ?? value ?? label;

const choiceOf = (one: Control): Choice => ({ id: idOf(one), title: one.label });

/** Words and links in their order, and the choices, however many blocks they are spread over. */
function present(all: readonly Block[]): { lines: string[]; choices: Choice[]; label?: string } {
  const lines: string[] = [];
  const choices: Choice[] = [];
  let label: string | undefined;
  for (const { text: words, buttons = [], options = [], placeholder } of all) {
    if (words) lines.push(words);
    for (const one of [...buttons, ...options]) {
      const link = linkOf(one);
      if (link) lines.push(`${one.label}: ${link}`);
      else choices.push(choiceOf(one));
    }
    label ??= placeholder;
  }
  return { lines, choices, ...(label && { label }) };
}

export function repliesOf(given: Payload, to: string): Reply[] {
  const { mediaUrl, mediaUrls, presentation, interactive, location } = given;
  const sources = mediaUrls ?? (mediaUrl ? [mediaUrl] : []);
  const shown = presentation ?? interactive;
  const { lines, choices, label } = present(shown?.blocks ?? []);
  const said = given.text?.trim() ?? '';
  // The text is what the presentation says to those who cannot show one: not both.
  const words = said || [shown?.title, ...lines].filter(Boolean).join('\n\n');
  const spoken = textReplies(words, to);
  const last = spoken.at(-1);
  const isText = last?.kind === 'text';
  const files = sources.map(fileReply);
  const place: Reply[] = location ? [placeOf(location)] : [];
  if (choices.length > 0) {
    const asked = isText ? last.text : '';
    const rest = isText ? spoken.slice(0, -1) : spoken;
    const offer: Reply = { kind: 'choices', text: asked, choices, ...(label && { label }) };
    return [...rest, ...files, ...place, offer];
  }
  // A caption would be lost with a file that cannot be had, here or by WhatsApp.
  return [...spoken, ...files, ...place];
}

const placeOf = ({
  latitude,
  longitude,
  name,
  address,
}: NonNullable<Payload['location']>): Reply => ({
  kind: 'location',
  latitude,
  longitude,
  ...(name && { name }),
  ...(address && { address }),
});
