/** Of the ports, those to the organisation's Workspace: the plane's mail, an owner's mailbox, the directory. */

import type { DirectoryPerson } from '../core/directory.ts';
import type { Reply } from '../core/reply.ts';

export interface Message {
  readonly to: string | readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
  /** Kept in a header of our own, so that the message can be found among the sent ones. */
  readonly id: string;
  /** Shown in the HTML as `cid:{cid}`. */
  readonly picture?: { readonly cid: string; readonly png: Uint8Array };
}

/** A message that an owner wrote to the plane's address. */
export interface OwnersReply extends Reply {
  /** Milliseconds since the epoch */
  readonly at: number;
}

export interface Mailer {
  /** @returns Gmail's id of the message */
  send(message: Message): Promise<string>;
  /** Whether the sender's SENT mail has a message with this id to that address. */
  wasSent(id: string, to: string): Promise<boolean>;
  /**
   * Puts the message into the mailbox of its one receiver, a person of the organisation, as if
   * it had arrived there: no copy among the sent ones.
   */
  deliver(message: Message & { readonly to: string }): Promise<void>;
  /** What the owner of that mailbox wrote to the plane's address after that time; newest first. */
  repliesAfter(owner: string, after: number): Promise<readonly OwnersReply[]>;
}

/** A mail of the owner's. */
export interface OwnersMail {
  /** Gmail's id of it in the owner's mailbox. */
  readonly id: string;
  readonly from: string;
  readonly subject: string;
  /** Milliseconds since the epoch */
  readonly at: number;
  /** Sent from the plane's own address. */
  readonly ours: boolean;
  /** Written by the owner to the plane's address, as lately as `replies` looks back. */
  readonly isReply: boolean;
  readonly binned: boolean;
  /** Plain text; '' where only the head was asked for. */
  readonly text: string;
}

/** The mailbox of an agent's owner. `owner` always comes from the config document. */
export interface OwnerMailbox {
  /** Newest first, heads only. @param query in Gmail's search language */
  list(owner: string, query: string, limit: number): Promise<readonly OwnersMail[]>;
  /** Undefined when there is no such mail. */
  read(owner: string, id: string): Promise<OwnersMail | undefined>;
  /** To the bin; false when there is no such mail. Safe to repeat. */
  trash(owner: string, id: string): Promise<boolean>;
  /** What the owner lately wrote to the plane's address, newest first. */
  replies(owner: string, seen: ReadonlySet<string>, limit: number): Promise<readonly OwnersMail[]>;
  /** Bins such a reply, and the copy of it that arrived; false when there is no such mail. */
  forgetReply(owner: string, id: string): Promise<boolean>;
}

/** The Workspace's people, as its Directory knows them. */
export interface Directory {
  /**
   * @param key any address of theirs, or their id
   * @returns undefined when there is nobody of this address or id
   * @throws PlaneError FAILED_PRECONDITION when it may not be read
   */
  person(key: string): Promise<DirectoryPerson | undefined>;
  /**
   * All of them, suspended ones too.
   * @throws PlaneError when any page of the list does not come, or when it cannot be whole
   */
  everybody(): Promise<readonly DirectoryPerson[]>;
}
