/**
 * As much of OpenClaw's plugin API (2026.9.6; docs/plugins of the package) as this plugin
 * uses. Its own types are not imported: the built plugin is one small file that needs nothing.
 */

export interface MessageEvent {
  readonly messageId?: string;
  /** What the sender wrote. */
  readonly content: string;
  /** What the model would be given: with a location, a contact, a transcript. */
  readonly body?: string;
  readonly channel?: string;
  readonly sessionKey?: string;
  readonly senderId?: string;
}

/** What a turn's input is made of, under OpenClaw's names: `ReplyToBody` is the text of the message that is answered. */
export type InboundContext = Record<string, unknown>;

export interface HookContext {
  readonly channelId?: string;
  readonly accountId?: string;
  readonly conversationId?: string;
  readonly sessionKey?: string;
}

/** A stored message: `content` is text, or a list of parts of which some have a `text`. */
export interface StoredMessage {
  readonly role: string;
  readonly content?: unknown;
}

interface Hooks {
  before_dispatch: (
    event: MessageEvent,
    context: HookContext,
  ) => Promise<{ handled: true; text?: string } | undefined>;
  /** After `before_dispatch`, when nobody answered there. */
  reply_dispatch: (event: { readonly ctx: InboundContext }) => Promise<void>;
  before_agent_reply: (
    event: { readonly cleanedBody: string },
    context: HookContext,
  ) => Promise<{ handled: true; reply?: { text: string } } | undefined>;
  before_agent_run: (event: {
    readonly prompt: string;
    /** The history, and behind it what stands around the prompt, as a message of OpenClaw's own. */
    readonly messages?: readonly StoredMessage[];
  }) => { outcome: 'block'; reason: string; message: string } | undefined;
  /** Synchronous: OpenClaw ignores a promise here. */
  before_message_write: (
    event: { readonly message: StoredMessage },
    context: HookContext,
  ) => { message: StoredMessage } | undefined;
  message_sending: (
    event: object,
    context: HookContext,
  ) => { cancel: true; cancelReason: string } | undefined;
  agent_turn_prepare: (
    event: object,
    context: HookContext,
  ) => { prependContext: string } | undefined;
}

/** What Baileys sends: a text, or a message's deletion for everyone, or else something with neither. */
export interface OutgoingContent {
  readonly text?: string;
  readonly delete?: { readonly remoteJid: string; readonly fromMe: boolean; readonly id: string };
}

export interface SendOptions {
  /** The message's id; random when left out. */
  readonly messageId?: string;
}

/** A Baileys socket, as far as messages are taken back, and devices unlinked, with it. */
export interface WhatsappSocket {
  /** `15551234567:12@s.whatsapp.net` */
  readonly user?: { readonly id?: string; readonly lid?: string };
  /** Emits `CB:message` for each stanza of that kind, before it is handled. */
  readonly ws?: {
    readonly isOpen?: boolean;
    removeAllListeners?(stanza: 'CB:message'): unknown;
    on?(stanza: `CB:${'message' | 'receipt'}`, listener: () => void): unknown;
  };
  /** One message after the other is handled in it. */
  readonly messageMutex?: { mutex(code: () => void): Promise<unknown> };
  /** Sends the account's phone a request that no chat shows. */
  sendPeerDataOperationMessage?(request: object): Promise<unknown>;
  /** Removes this device from the account; the connection ends. */
  logout(): Promise<void>;
  sendMessage(jid: string, content: OutgoingContent, options?: SendOptions): Promise<unknown>;
  /** What the link is made of; made anew for each link. */
  readonly authState?: {
    readonly creds?: { readonly signedIdentityKey?: { readonly public: Uint8Array } };
  };
  /** Decrypted messages of the last five minutes, under `address NUL id`; `timestamp` in milliseconds. */
  readonly messageRetryManager?: {
    readonly recentMessagesMap?: {
      entries(): Iterable<
        [
          string,
          { readonly message: { readonly protocolMessage?: unknown }; readonly timestamp: number },
        ]
      >;
    };
  };
  /** Baileys' event buffer: `on` hands out the emitter below it. */
  readonly ev?: {
    on(event: 'messages.upsert', listener: (upsert: MessagesUpsert) => void): MessagesEmitter;
    emit(event: 'messages.upsert', upsert: MessagesUpsert): boolean;
  };
}

export interface BaileysMessage {
  readonly key?: { readonly remoteJid?: string; readonly id?: string; readonly fromMe?: boolean };
  readonly message?: object;
  /** Seconds since the epoch, a number or protobuf's Long. */
  readonly messageTimestamp?: unknown;
}

/** Messages that came: `append` are those that WhatsApp had held back while nobody was connected. */
export interface MessagesUpsert {
  type: 'append' | 'notify';
  messages: readonly BaileysMessage[];
}

export interface MessagesEmitter {
  off(event: 'messages.upsert', listener: (upsert: MessagesUpsert) => void): unknown;
  prependListener(
    event: 'messages.upsert',
    listener: (upsert: MessagesUpsert) => void,
  ): MessagesEmitter;
}

export interface PluginApi {
  readonly rootDir?: string;
  readonly logger: { info(line: string): void; warn(line: string): void };
  readonly runtime: {
    readonly channel?: {
      readonly runtimeContexts?: {
        /** The WhatsApp plugin puts its connection here (capability `connection-controller`). */
        get(key: { channelId: string; accountId: string; capability: string }): unknown;
        /** Anew for each connection. @returns what ends the watch */
        watch?(wanted: {
          channelId: string;
          capability: string;
          onEvent: (event: {
            readonly type: 'registered' | 'unregistered';
            readonly context?: unknown;
          }) => void;
        }): () => void;
      };
    };
  };
  readonly session: {
    readonly workflow: {
      enqueueNextTurnInjection(injection: {
        sessionKey: string;
        text: string;
        idempotencyKey: string;
      }): Promise<{ enqueued: boolean }>;
    };
  };
  registerGatewayMethod(
    name: string,
    handler: (call: {
      readonly params: object;
      respond(ok: boolean, payload: object): void;
    }) => Promise<void>,
    options: { readonly scope: string },
  ): void;
  on<Name extends keyof Hooks>(
    name: Name,
    handler: Hooks[Name],
    options?: { readonly eligibleTriggers?: readonly string[]; readonly timeoutMs?: number },
  ): void;
}
