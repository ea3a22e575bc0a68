/** What the transcript keeps of a message with a secret: everything but the secret. Pure. */

import type { StoredMessage } from './openclaw.ts';

/** Bytes in letters: pictures, and what a provider sealed. No person's words, of no use when a letter is changed. */
const OPAQUE = /^data$|^encrypted|signature$/i;
/** A provider refuses its own words when they changed under its signature, and takes them without one. */
const SIGNATURE = /signature$/i;

type TakeOut = (text: string) => string;

function cleanFields(value: object, takeOut: TakeOut): object {
  const fields = Object.entries(value);
  const clean = fields.map(([field, each]): [string, unknown] => [
    field,
    OPAQUE.test(field) ? each : cleanValue(each, takeOut),
  ]);
  if (clean.every(([, each], index) => each === fields[index]?.[1])) return value;
  return Object.fromEntries(clean.filter(([field]) => !SIGNATURE.test(field)));
}

/** Whatever it is: a text, a tool's arguments, its result and details. @returns the value itself when nothing is in it */
export function cleanValue(value: unknown, takeOut: TakeOut): unknown {
  if (typeof value === 'string') return takeOut(value);
  if (Array.isArray(value)) {
    const clean = value.map((each) => cleanValue(each, takeOut));
    return clean.every((each, index) => each === value[index]) ? value : clean;
  }
  return typeof value === 'object' && value !== null ? cleanFields(value, takeOut) : value;
}

/** The text of a message's parts. */
export const textOf = ({ content }: StoredMessage): string =>
  typeof content === 'string'
    ? content
    : (Array.isArray(content) ? (content as readonly { readonly text?: unknown }[]) : [])
        .map(({ text }) => (typeof text === 'string' ? text : ''))
        .join('\n');

/**
 * A stored message without secrets; undefined when there is nothing to take out.
 * @param takeOut gives a text back as it is when there is no secret in it
 */
export function cleaned(message: StoredMessage, takeOut: TakeOut): StoredMessage | undefined {
  const clean = cleanValue(message, takeOut);
  return clean === message ? undefined : (clean as StoredMessage);
}
