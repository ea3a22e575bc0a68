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
}

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
  stop(): Promise<void>;
}

export interface CallOptions {
  /** Wait for the end of the run, not only for its acceptance. */
  readonly final?: boolean;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : 'unknown');

export function createGateway(options: GatewayOptions): Gateway {
  let up = Promise.withResolvers<void>();
  let isUp = false;
  let lastError = 'no connection yet';
  const down = (): void => {
    isUp = false;
    up.promise.catch(() => {});
    up.reject(new GatewayFailure('away', lastError, false));
    up = Promise.withResolvers<void>();
  };

  const client = new GatewayClient({
    url: options.url,
    ...(options.token && { token: options.token }),
    role: options.role,
    scopes: [...options.scopes],
    minProtocol: 4,
    maxProtocol: 4,
    clientDisplayName: 'agents-plane-bridge',
    onHelloOk: () => {
      isUp = true;
      up.resolve();
    },
    onConnectError: (error) => {
      lastError = messageOf(error);
      down();
    },
    onClose: () => {
      if (isUp) down();
    },
  });

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
    async call<T>(method: string, params: object, call: CallOptions = {}): Promise<T> {
      let sent = false;
      try {
        return await client.request<T>(method, params, {
          ...(call.final && { expectFinal: true }),
          timeoutMs: call.timeoutMs ?? null,
          ...(call.signal && { signal: call.signal }),
          onSent: () => {
            sent = true;
          },
        });
      } catch (error) {
        if (isGatewayProtocolResponseError(error)) {
          throw new GatewayFailure('refused', error.message, sent, error.gatewayCode);
        }
        const isLate = error instanceof GatewayClientRequestTimeoutError;
        throw new GatewayFailure(isLate ? 'late' : 'away', messageOf(error), sent);
      }
    },
    stop: () => client.stopAndWait(),
  };
}
