/**
 * A queue of Cloud Tasks: what waits, what is under way, and when the next may be sent. Pure but
 * for its own lists; who sends is dispatch.ts.
 *
 * https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues
 */

export interface QueueSettings {
  readonly maxDispatchesPerSecond: number;
  readonly maxConcurrentDispatches: number;
  readonly maxAttempts: number;
  /** Milliseconds. */
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly maxDoublings: number;
}

/** What a queue has that was created with nothing said. */
export const DEFAULTS: QueueSettings = {
  maxDispatchesPerSecond: 500,
  maxConcurrentDispatches: 1000,
  maxAttempts: 100,
  minBackoffMs: 100,
  maxBackoffMs: 3_600_000,
  maxDoublings: 16,
};

export interface HttpRequest {
  readonly url: string;
  readonly httpMethod?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Base64. */
  readonly body?: string | undefined;
  readonly oidcToken?:
    | { readonly serviceAccountEmail: string; readonly audience?: string | undefined }
    | undefined;
}

export interface Task {
  readonly name: string;
  readonly httpRequest: HttpRequest;
  /** Milliseconds since 1970: not before. */
  readonly due: number;
  readonly createdAt: number;
  /** Attempts that were begun. */
  readonly attempts: number;
}

/** The pause after so many attempts. https://cloud.google.com/tasks/docs/configuring-queues#retry */
export function backoffMs(settings: QueueSettings, attempts: number): number {
  const { minBackoffMs, maxBackoffMs, maxDoublings } = settings;
  const doublings = Math.min(attempts - 1, maxDoublings);
  const linear = Math.max(0, attempts - 1 - maxDoublings);
  return Math.min(maxBackoffMs, minBackoffMs * 2 ** doublings * (1 + linear));
}
