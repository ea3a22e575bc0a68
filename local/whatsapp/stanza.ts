/** WhatsApp's binary XML as values, and how to look into it. */

import type { BinaryNode } from 'baileys';

export type Stanza = BinaryNode;
export const SERVER_JID = 's.whatsapp.net';

export function stanza(
  tag: string,
  attrs: Readonly<Record<string, string | undefined>> = {},
  content?: Stanza['content'],
): Stanza {
  const present = Object.entries(attrs).filter((entry): entry is [string, string] => !!entry[1]);
  return { tag, attrs: Object.fromEntries(present), ...(content !== undefined && { content }) };
}

export const childrenOf = (node: Stanza | undefined, tag?: string): Stanza[] =>
  Array.isArray(node?.content)
    ? node.content.filter((child) => tag === undefined || child.tag === tag)
    : [];

export const childOf = (node: Stanza | undefined, tag?: string): Stanza | undefined =>
  childrenOf(node, tag)[0];

/** The bytes inside a node, or inside its child of that name. */
export function bytesOf(node: Stanza | undefined, tag?: string): Buffer | undefined {
  const content = tag === undefined ? node?.content : childOf(node, tag)?.content;
  if (content === undefined || Array.isArray(content)) return undefined;
  return Buffer.from(content as Uint8Array);
}

/** A big-endian number of up to six bytes. */
export function numberOf(node: Stanza | undefined, tag: string): number | undefined {
  const bytes = bytesOf(node, tag);
  return bytes && bytes.length > 0 ? bytes.readUIntBE(0, bytes.length) : undefined;
}

/** The answer to an `iq`. */
export const resultOf = (query: Stanza, content?: Stanza['content']): Stanza =>
  stanza('iq', { from: SERVER_JID, id: query.attrs.id, type: 'result' }, content);

export const seconds = (milliseconds: number): string => String(Math.floor(milliseconds / 1000));
