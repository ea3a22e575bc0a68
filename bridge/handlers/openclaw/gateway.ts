/** One lasting connection to OpenClaw's gateway (protocol 4), by OpenClaw's own client. */

import {
  GatewayClient,
  GatewayClientRequestTimeoutError,
  isGatewayProtocolResponseError,
} from '@openclaw/gateway-client';

export interface GatewayOptions {
  /** `ws://127.0.0.1:18789` */
  readonly url: string;
  readonly token: string;
  readonly role: string;
  readonly scopes: readonly string[];
  /** Before it is asked again after a refusal, in milliseconds; the last one for all that follow. */
  readonly pausesMs?: readonly number[];
  /** It let nobody in. @param code OpenClaw's own */
  readonly onRefused?: (code: string) => void;
}

/** A token is renewed by hand, a limit of its attempts ends by itself: nobody restarts the bridge for either. */
const PAUSES_MS: readonly number[] = [5_000, 15_000, 60_000];

export type GatewayFailureKind = 'refused' | 'away' | 'late';

/** Why a call has no result. */
export class GatewayFailure extends Error {
  /** `refused`: the gateway said no; `away`: it is not there, or went away meanwhile; `late`: no answer in time. */
  readonly kind: GatewayFailureKind;
  /** The request may have reached it. */
  readonly sent: boolean;
  /** OpenClaw's own, of a refusal. */
  readonly code: string;

  constructor(kind: GatewayFailureKind, message: string, sent: boolean, code = 'unknown') {
    super(message);
    this.name = 'GatewayFailure';
    this.kind = kind;
    this.sent = sent;
    this.code = code;
  }
}

export interface Gateway {
  start(): void;
  /** @throws GatewayFailure */
  call<T>(method: string, params: object, options?: CallOptions): Promise<T>;
  /** Waits for a connection. @throws GatewayFailure when the next attempt fails, or after `timeoutMs`. */
  connected(timeoutMs: number): Promise<void>;
  /** OpenClaw's code while it lets nobody in. */
  readonly refusal: string | undefined;
  stop(): Promise<void>;
}

export interface CallOptions {
  /** Wait for the end of the run, not only for its acceptance. */
  readonly final?: boolean;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** It is on its way: the params are not needed any more. */
  readonly onSent?: () => void;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : 'unknown');

type Events = Pick<
  ConstructorParameters<typeof GatewayClient>[0],
  'onHelloOk' | 'onConnectError' | 'onClose' | 'onReconnectPaused'
>;

const clientOf = ({ url, token, role, scopes }: GatewayOptions, events: Events): GatewayClient =>
  new GatewayClient({
    url,
    ...(token && { token }),
    role,
    scopes: [...scopes],
    minProtocol: 4,
    maxProtocol: 4,
    clientDisplayName: 'agents-plane-bridge',
    ...events,
  });

/** @throws GatewayFailure */
async function request<T>(
  client: GatewayClient,
  method: string,
  params: object,
  wanted: CallOptions,
): Promise<T> {
  let sent = false;
  try {
    return await client.request<T>(method, params, {
      ...(wanted.final && { expectFinal: true }),
      timeoutMs: wanted.timeoutMs ?? null,
      ...(wanted.signal && { signal: wanted.signal }),
      onSent: () => {
        sent = true;
        wanted.onSent?.();
      },
    });
  } catch (error) {
    if (isGatewayProtocolResponseError(error)) {
      throw new GatewayFailure('refused', error.message, sent, error.gatewayCode);
    }
    const isLate = error instanceof GatewayClientRequestTimeoutError;
    throw new GatewayFailure(isLate ? 'late' : 'away', messageOf(error), sent);
  }
}

export function createGateway(options: GatewayOptions): Gateway {
  let up = Promise.withResolvers<void>();
  let isUp = false;
  let lastError = 'no connection yet';
  let refusals = 0;
  let refusal: string | undefined;
  let pause: NodeJS.Timeout | undefined;
  const down = (): void => {
    isUp = false;
    up.promise.catch(() => {});
    up.reject(new GatewayFailure('away', lastError, false));
    up = Promise.withResolvers<void>();
  };

  const connect = (): GatewayClient =>
    clientOf(options, {
      onHelloOk: () => {
        isUp = true;
        refusals = 0;
        refusal = undefined;
        up.resolve();
      },
      onConnectError: (error) => {
        lastError = messageOf(error);
        down();
      },
      onClose: () => {
        if (isUp) down();
      },
      onReconnectPaused: ({ detailCode, reason }) => {
        refusal = detailCode ?? reason;
        options.onRefused?.(refusal);
        tryLater();
      },
    });
  /** After some refusals OpenClaw's client never connects again by itself. */
  const tryLater = (): void => {
    const { pausesMs = PAUSES_MS } = options;
    const pauseMs = pausesMs[Math.min(refusals, pausesMs.length - 1)] ?? 0;
    refusals += 1;
    clearTimeout(pause);
    pause = setTimeout(() => {
      client.stop();
      client = connect();
      client.start();
    }, pauseMs).unref();
  };
  let client = connect();

  const connected = async (timeoutMs: number): Promise<void> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new GatewayFailure('away', lastError, false)), timeoutMs);
    });
    const next = up.promise;
    await Promise.race([next, late]).finally(() => clearTimeout(timer));
  };

  return {
    start: () => client.start(),
    connected,
    get refusal() {
      return refusal;
    },
    call: (method, params, wanted = {}) => request(client, method, params, wanted),
    stop() {
      clearTimeout(pause);
      return client.stopAndWait();
    },
  };
}
