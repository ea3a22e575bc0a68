/** What the agent reads of a message, and which conversation it belongs to. Pure. */

import type { AdmittedMessage, Content, MediaReference } from '../../message.ts';

const MEDIA_NAMES = {
  image: 'picture',
  video: 'video',
  audio: 'voice note',
  document: 'document',
  sticker: 'sticker',
} as const;

function fileText({ filename, mime, transcript }: MediaReference, what: string): string {
  if (transcript) return `[${what}, transcribed] ${transcript}`;
  const known = [filename, mime].filter(Boolean).join(', ');
  return known ? `[${what}: ${known}]` : `[${what}]`;
}

function contentText(content: Content): string {
  switch (content.kind) {
    case 'text':
      return content.text;
    case 'media': {
      const text = fileText(content.file, MEDIA_NAMES[content.media]);
      return content.caption ? `${text} ${content.caption}` : text;
    }
    case 'location': {
      const { name, address, latitude, longitude } = content;
      const place = [name, address].filter(Boolean).join(', ');
      return `[location] ${place}${place ? ' ' : ''}(${latitude.toFixed(6)}, ${longitude.toFixed(6)})`;
    }
    case 'contacts':
      return content.contacts
        .map(({ name, phones }) => `[contact] ${name} ${phones.join(', ')}`.trim())
        .join('\n');
    case 'choice':
      return content.title || content.id;
    case 'reaction':
      return `[reaction] ${content.emoji}`;
    case 'unsupported':
      return `[${content.type}]`;
  }
}

/** `[role:`, also with invisible characters in it, or in the wide forms that a model reads as these. */
const ROLE_TAG = /[[［](?=[\s\p{Cf}]*r\p{Cf}*o\p{Cf}*l\p{Cf}*e[\s\p{Cf}]*[:：])/giu;

/**
 * `[role: member] ...`: the tag by which a skill decides what somebody may ask for. Nobody can
 * write one of their own: theirs lose the bracket.
 */
export function promptOf(message: AdmittedMessage): string {
  const { quoted, role, content } = message;
  const answered = quoted === undefined ? '' : `[answers: ${quoted.replace(/\s+/g, ' ')}]\n`;
  const said = `${answered}${contentText(content)}`.replace(ROLE_TAG, '(');
  return `[role: ${role}] ${said}`;
}

/** @param base `main`, or a whole key that begins with `agent:` */
export function sessionKeyOf(message: AdmittedMessage, base: string, isolated: boolean): string {
  const whole = base.startsWith('agent:') ? base : `agent:main:${base}`;
  // OpenClaw keeps keys in lower case.
  return isolated ? `${whole}-wa-${message.sender.id.toLowerCase()}` : whole;
}
