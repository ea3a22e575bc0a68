/** As what WhatsApp is to send what lies at an address. Pure. */

export type MediaType = 'image' | 'video' | 'audio' | 'document';

const BY_ENDING: readonly (readonly [RegExp, MediaType])[] = [
  [/\.(jpe?g|png|webp)$/i, 'image'],
  [/\.(mp4|3gp)$/i, 'video'],
  [/\.(ogg|opus|mp3|m4a|aac|amr)$/i, 'audio'],
];

/** By the end of its path; what is no address is WhatsApp's to refuse. */
export function mediaTypeOf(url: string): MediaType {
  const { pathname = '' } = URL.parse(url) ?? {};
  return BY_ENDING.find(([ending]) => ending.test(pathname))?.[1] ?? 'document';
}

/** https://developers.facebook.com/docs/whatsapp/cloud-api/messages/audio-messages */
export const takesCaption = (type: MediaType): boolean => type !== 'audio';
