/**
 * The way of one call through the emulator, the same for REST and gRPC: who is it, may
 * it, do it, write it down.
 */

import { deniedDetails, deniedMessage, TOKEN_INVALID, TOKEN_MISSING } from './errors.ts';
import type { Demand, GoogleStatus, RecordedCall, Service } from './service.ts';
import { GoogleError } from './service.ts';

export interface Caller {
  /** `serviceAccount:x@y` or `user:x@y`. */
  readonly principal: string;
  readonly scopes: readonly string[];
}

/** An error to answer with instead of the truth: before the effect, or after it (an answer that got lost). */
export interface Fault {
  readonly when: 'before' | 'after';
  readonly status: GoogleStatus;
  readonly message?: string;
  /** Header Retry-After. */
  readonly retryAfterS?: number;
}

/** Asked once a call, after authentication. */
export type FaultHook = (call: {
  readonly method: string;
  readonly principal: string | undefined;
}) => Fault | undefined | Promise<Fault | undefined>;

export interface GateOptions {
  /** Undefined: not a token that is valid now. */
  readonly authenticate: (accessToken: string) => Caller | undefined;
  readonly allows: (principal: string, demand: Demand) => boolean;
  readonly fault?: FaultHook;
  /** Told of each call, once it is over. */
  readonly watch?: (call: RecordedCall) => void;
  /** Milliseconds, monotonic. */
  readonly ticks: () => number;
}

export interface Gate {
  readonly recording: RecordedCall[];
  /** @throws GoogleError UNAUTHENTICATED */
  identify(authorization: string | undefined): Caller;
  /** @throws GoogleError PERMISSION_DENIED for the first demand that is not met */
  check(
    caller: Caller,
    demands: readonly Demand[],
    service: Pick<Service, 'errorShape' | 'denied'>,
  ): void;
  /** Runs the effect, with the fault hook around it. */
  perform<T>(method: string, caller: Caller | undefined, effect: () => T | Promise<T>): Promise<T>;
  record(call: Omit<RecordedCall, 'endedAt'>): void;
  readonly ticks: () => number;
}

const raise = ({ status, message, retryAfterS }: Fault): never => {
  const text = message ?? `Injected fault: ${status}.`;
  throw new GoogleError(status, text, undefined, [], retryAfterS);
};

export function createGate(options: GateOptions): Gate {
  const recording: RecordedCall[] = [];
  return {
    recording,
    ticks: options.ticks,

    identify(authorization) {
      const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
      if (token === undefined) throw new GoogleError('UNAUTHENTICATED', TOKEN_MISSING, 'required');
      const caller = options.authenticate(token);
      if (!caller) throw new GoogleError('UNAUTHENTICATED', TOKEN_INVALID, 'authError');
      return caller;
    },

    check(caller, demands, service) {
      for (const demand of demands) {
        if (options.allows(caller.principal, demand)) continue;
        const message =
          service.denied?.(demand, caller.principal) ?? deniedMessage(demand, service.errorShape);
        throw new GoogleError('PERMISSION_DENIED', message, 'forbidden', [deniedDetails(demand)]);
      }
    },

    async perform(method, caller, effect) {
      const fault = await options.fault?.({ method, principal: caller?.principal });
      if (fault?.when === 'before') raise(fault);
      const answer = await effect();
      if (fault?.when === 'after') raise(fault);
      return answer;
    },

    record(call) {
      const recorded = { ...call, endedAt: options.ticks() };
      recording.push(recorded);
      options.watch?.(recorded);
    },
  };
}
