/**
 * Zone operations: what every change answers with at once, while the change itself goes
 * on. https://cloud.google.com/compute/docs/reference/rest/v1/zoneOperations
 */

import type { Call } from '../service.ts';
import { GoogleError } from '../service.ts';
import { invalidField } from './errors.ts';
import { linkOf, timestamp, zonePath } from './links.ts';

export interface OperationError {
  readonly code: string;
  readonly message: string;
}

/** The wire form. Changes while the operation runs. */
export interface Operation {
  readonly kind: 'compute#operation';
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  readonly operationType: string;
  readonly targetLink: string;
  readonly targetId: string;
  readonly user: string;
  readonly insertTime: string;
  readonly selfLink: string;
  status: 'PENDING' | 'RUNNING' | 'DONE';
  progress: number;
  startTime?: string;
  endTime?: string;
  error?: { errors: readonly OperationError[] };
  httpErrorStatusCode?: number;
  httpErrorMessage?: string;
}

/** Thrown by an effect: ends the operation with this error. */
export class OperationFailure extends Error {
  readonly code: string;
  readonly httpStatus: number;

  constructor(code: string, message: string, httpStatus = 400) {
    super(message);
    this.name = 'OperationFailure';
    this.code = code;
    this.httpStatus = httpStatus;
  }
}

export interface OperationTarget {
  readonly project: string;
  readonly zone: string;
  /** Resource path. */
  readonly path: string;
  readonly id: string;
  /** When it was asked for, if something came of it before; milliseconds since the epoch. */
  readonly askedAt?: number;
}

export interface Operations {
  /** Starts `effect` in the background and returns the operation, still PENDING. */
  start(
    call: Call,
    type: string,
    target: OperationTarget,
    effect: () => Promise<void> | void,
  ): Operation;
  /** Runs `change` unless this caller's `requestId` was seen before; then answers as it did then. */
  once(call: Call, change: () => Operation): Operation;
  find(zone: string, name: string): Operation | undefined;
  list(zone: string): readonly Operation[];
  /** Resolves when it is DONE, or after `timeoutMs`. */
  wait(operation: Operation, timeoutMs: number): Promise<Operation>;
  /** Resolves when nothing is under way any more. */
  idle(): Promise<void>;
}

export interface OperationsOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** A fresh decimal id. */
  readonly nextId: () => string;
  /** How long an operation stays PENDING, and how long RUNNING at least. */
  readonly stageMs: number;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const ZERO = '00000000-0000-0000-0000-000000000000';

function requestIdOf(call: Call): string | undefined {
  const id = call.query.get('requestId');
  if (!id) return undefined;
  if (!UUID.test(id) || id === ZERO) {
    throw invalidField('requestId', id, 'Must be a valid version 4 UUID.');
  }
  return `${call.principal} ${id}`;
}

function failureOf(error: unknown): OperationFailure {
  if (error instanceof OperationFailure) return error;
  if (error instanceof GoogleError) return new OperationFailure('INVALID_USAGE', error.message);
  const { message: why, cause } = error instanceof Error ? error : new Error(String(error));
  const because = cause instanceof Error ? `: ${cause.message}` : '';
  return new OperationFailure('INTERNAL_ERROR', `Internal error: ${why}${because}`, 500);
}

export function createOperations(options: OperationsOptions): Operations {
  const { now, sleep, nextId, stageMs } = options;
  const all = new Map<string, Operation>();
  const running = new Map<string, Promise<void>>();
  const seen = new Map<string, Operation>();

  const perform = async (operation: Operation, effect: () => Promise<void> | void) => {
    await sleep(stageMs);
    operation.status = 'RUNNING';
    operation.startTime = timestamp(now());
    try {
      await sleep(stageMs);
      await effect();
    } catch (error) {
      const failure = failureOf(error);
      operation.error = { errors: [{ code: failure.code, message: failure.message }] };
      operation.httpErrorStatusCode = failure.httpStatus;
      operation.httpErrorMessage =
        failure.httpStatus === 503 ? 'SERVICE UNAVAILABLE' : 'BAD REQUEST';
    }
    operation.progress = 100;
    operation.endTime = timestamp(now());
    operation.status = 'DONE';
    running.delete(operation.name);
  };

  return {
    start(call, type, target, effect) {
      const id = nextId();
      const name = `operation-${now()}-${id}`;
      const path = `${zonePath(target.project, target.zone)}/operations/${name}`;
      const operation: Operation = {
        kind: 'compute#operation',
        id,
        name,
        zone: linkOf(zonePath(target.project, target.zone)),
        operationType: type,
        targetLink: linkOf(target.path),
        targetId: target.id,
        user: call.principal?.replace(/^[^:]*:/, '') ?? '',
        insertTime: timestamp(target.askedAt ?? now()),
        selfLink: linkOf(path),
        status: 'PENDING',
        progress: 0,
      };
      all.set(`${target.zone}/${name}`, operation);
      running.set(name, perform(operation, effect));
      return { ...operation };
    },
    once(call, change) {
      const key = requestIdOf(call);
      const before = key === undefined ? undefined : seen.get(key);
      if (before) return { ...before };
      const operation = change();
      const zone = operation.zone.slice(operation.zone.lastIndexOf('/') + 1);
      const kept = all.get(`${zone}/${operation.name}`);
      if (key !== undefined && kept) seen.set(key, kept);
      return operation;
    },
    find: (zone, name) => all.get(`${zone}/${name}`),
    list: (zone) =>
      [...all].filter(([key]) => key.startsWith(`${zone}/`)).map(([, operation]) => operation),
    async wait(operation, timeoutMs) {
      await Promise.race([running.get(operation.name), sleep(timeoutMs)]);
      return operation;
    },
    async idle() {
      await Promise.all(running.values());
    },
  };
}
