/** A message as it travels through the bridge, whatever it came from and whoever answers it. */

/**
 * How long ids of handled messages are known, in milliseconds: Meta repeats a webhook for up to seven
 * days, and a poll may not look back further than this.
 */
export const IDS_KEPT_MS = 30 * 24 * 3_600_000;

/** A file that the transport can fetch. */
export interface MediaReference {
  /** The transport's id of the file. */
  readonly id?: string;
  /** Where the transport already has it (Kapso). */
  readonly url?: string;
  readonly mime?: string;
  readonly filename?: string;
  readonly bytes?: number;
  /** What was said in a voice note, when the transport says it. */
  readonly transcript?: string;
}

export type MediaKind = 'image' | 'video' | 'audio' | 'document' | 'sticker';

/** A place on the map; degrees. */
export interface Location {
  readonly kind: 'location';
  readonly latitude: number;
  readonly longitude: number;
  readonly name?: string;
  readonly address?: string;
}

/** What a person can send. */
export type Content =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'media';
      readonly media: MediaKind;
      readonly file: MediaReference;
      readonly caption?: string;
    }
  | Location
  | {
      readonly kind: 'contacts';
      readonly contacts: readonly { readonly name: string; readonly phones: readonly string[] }[];
    }
  /** A tap on a button or a row of a list that was offered before. */
  | { readonly kind: 'choice'; readonly id: string; readonly title: string }
  | { readonly kind: 'reaction'; readonly emoji: string; readonly to: string }
  /** Something that this bridge or WhatsApp's API cannot show. */
  | { readonly kind: 'unsupported'; readonly type: string };

export interface Sender {
  /** Opaque and stable: digits of the phone number, or a business-scoped user id (BSUID). */
  readonly id: string;
  /** E.164 with the plus; absent when WhatsApp hides it. */
  readonly phone?: string;
  readonly name?: string;
}

export interface InboundMessage {
  /** The transport's id of the message (`wamid...`): unique in the transport. */
  readonly id: string;
  /** Which transport brought it, and takes the answer. */
  readonly transport: string;
  readonly sender: Sender;
  readonly content: Content;
  /** When it was sent; milliseconds since the epoch. */
  readonly at: number;
  /** The message that this one answers. */
  readonly context?: string;
}

/** An inbound message that passed the guard. */
export interface AdmittedMessage extends InboundMessage {
  readonly role: string;
  /** How the message begins that this one answers; absent when nobody remembers it. */
  readonly quoted?: string;
}

/** What a handler wants to say. Markdown is turned into WhatsApp's marks and split. */
export type Reply =
  | { readonly kind: 'text'; readonly text: string; readonly markup: 'markdown' | 'plain' }
  | {
      readonly kind: 'media';
      /** Where it lies on the internet: WhatsApp fetches it from there. */
      readonly url: string;
      /** Words that go with it; the pipeline has them go before it, in a message of their own. */
      readonly caption?: string;
    }
  /** Of the handler's own machine: the handler opens it when it is sent. */
  | { readonly kind: 'file'; readonly path: string }
  /** To one of their messages; without an emoji it is taken away. */
  | { readonly kind: 'reaction'; readonly emoji: string; readonly to: string }
  | {
      readonly kind: 'choices';
      readonly text: string;
      readonly choices: readonly Choice[];
      /** What opens the list. */
      readonly label?: string;
      /** Set by the pipeline, which also sees to the lengths. */
      readonly shape?: 'buttons' | 'list';
    }
  | Location;

export interface Choice {
  /** Comes back with the tap. */
  readonly id: string;
  readonly title: string;
}

/** One message for the transport: already formatted, and small enough. */
export interface OutboundMessage {
  readonly transport: string;
  readonly to: Sender;
  readonly content: Reply;
  /** Shown as an answer to this message of theirs. */
  readonly replyTo?: string;
  /**
   * What to do when a send's answer was lost, so that nobody knows whether it arrived: `repeat`
   * may show it twice, `hold` keeps it for the operator and may show it never.
   */
  readonly whenUnsure: 'repeat' | 'hold';
}

/** Inbox key of a message: unique across transports. */
export const inboxKey = (message: Pick<InboundMessage, 'transport' | 'id'>): string =>
  `${message.transport}:${message.id}`;

/** The order that holds is the order in a lane: one per sender and transport. */
export const laneOf = (transport: string, sender: Sender): string => `${transport}:${sender.id}`;
