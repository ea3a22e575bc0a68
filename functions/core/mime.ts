/** A message to RFC 5322 text. */

import MailComposer from 'nodemailer/lib/mail-composer';

export interface MimeMessage {
  readonly from: string;
  readonly to: string | readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
  /** Goes into `X-Agents-Plane-Id` and into the Message-ID. */
  readonly id: string;
  /** Milliseconds since the epoch */
  readonly at: number;
  /** Shown in the HTML as `cid:{cid}`. */
  readonly picture?: { readonly cid: string; readonly png: Uint8Array };
}

const attachmentsOf = ({ picture }: MimeMessage) =>
  picture && [
    {
      cid: picture.cid,
      filename: `${picture.cid}.png`,
      content: Buffer.from(picture.png),
      contentType: 'image/png',
      contentDisposition: 'inline' as const,
    },
  ];

/** Kept by Gmail in the sent copy, so that a message can be found again by our id. */
export const ID_HEADER = 'X-Agents-Plane-Id';

/**
 * Headers are folded and encoded by MailComposer, so nothing in a value can start a new
 * one. `Auto-Submitted` keeps holiday responders from answering (RFC 3834).
 */
export async function renderMime(message: MimeMessage): Promise<Buffer> {
  const { from, to, subject, text, html, id, at } = message;
  const mail = new MailComposer({
    from: { name: 'Your AI assistant', address: from },
    to: [to].flat().map((address) => ({ name: '', address })),
    subject,
    text,
    ...(html === undefined ? {} : { html }),
    attachments: attachmentsOf(message) ?? [],
    date: new Date(at),
    messageId: `<${id}@${from.slice(from.lastIndexOf('@') + 1)}>`,
    headers: { [ID_HEADER]: id, 'Auto-Submitted': 'auto-generated' },
  });
  return mail.compile().build();
}
