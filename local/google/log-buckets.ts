/**
 * Where entries are kept, and what of them a query sees: a project's name shows its own default bucket, which
 * keeps 30 days; a bucket that somebody made shows itself by a view alone, to whoever may access that view.
 *
 * https://cloud.google.com/logging/docs/store-log-entries
 * https://cloud.google.com/logging/docs/logs-views
 */

import { logFilter } from './log-filter.ts';
import type { Json } from './proto-schema.ts';
import type { Demand } from './service.ts';
import { GoogleError } from './service.ts';

const DAY_MS = 86_400_000;
/** https://cloud.google.com/logging/quotas#logs_retention_periods */
const DEFAULT_DAYS = 30;
const VIEW = /^((projects\/[^/]+)\/locations\/[^/]+\/buckets\/[^/]+)\/views\/_AllLogs$/;
const PROJECT = /^projects\/[^/]+$/;

export interface LogBuckets {
  /**
   * @param name full, `projects/p/locations/l/buckets/b`
   * @throws GoogleError FAILED_PRECONDITION: it was deleted less than a week ago, and not had back
   */
  create(name: string, retentionDays: number): void;
  /** For a week it can be had back, with what is in it. */
  remove(name: string): void;
  undelete(name: string): void;
  /** Undefined: there is none. */
  stateOf(name: string): 'ACTIVE' | 'DELETE_REQUESTED' | undefined;
  /** A sink: what matches the filter is kept in that bucket, too. @throws GoogleError INVALID_ARGUMENT */
  route(sink: string, bucket: string, filter: string): void;
  unroute(sink: string): void;
  /**
   * What is to be seen under a resource name of entries:list.
   * @param at milliseconds since 1970
   * @throws GoogleError INVALID_ARGUMENT, NOT_FOUND
   */
  shown(resource: string, at: number): (entry: Json) => boolean;
}

/** What entries:list asks of the caller for a resource name. */
export const readDemand = (resource: string): Demand => ({
  permission: VIEW.test(resource) ? 'logging.views.access' : 'logging.logEntries.list',
  resource,
});

/** https://cloud.google.com/logging/docs/buckets#delete-bucket */
const PENDING_DAYS = 7;

/**
 * @param normalise of a resource name: its project by id
 * @param now milliseconds since 1970
 */
export function createLogBuckets(
  normalise: (name: string) => string,
  now: () => number,
): LogBuckets {
  const days = new Map<string, number>();
  /** Name -> when it was deleted. */
  const deleted = new Map<string, number>();
  const stateOf = (name: string): ReturnType<LogBuckets['stateOf']> => {
    const at = deleted.get(name);
    if (at === undefined) return days.has(name) ? 'ACTIVE' : undefined;
    return now() < at + PENDING_DAYS * DAY_MS ? 'DELETE_REQUESTED' : undefined;
  };
  const sinks = new Map<string, { bucket: string; matches: (entry: Json) => boolean }>();

  const keptFor = (project: string, retentionDays: number, now: number) => (entry: Json) =>
    normalise(String(entry.logName)).startsWith(`${project}/`) &&
    Date.parse(String(entry.timestamp)) >= now - retentionDays * DAY_MS;

  return {
    create(given, retentionDays) {
      const name = normalise(given);
      if (stateOf(name) === 'DELETE_REQUESTED') {
        const message = 'Error 400: Buckets must be in an ACTIVE state to be modified';
        throw new GoogleError('FAILED_PRECONDITION', message);
      }
      deleted.delete(name);
      days.set(name, retentionDays);
    },
    remove: (name) => void deleted.set(normalise(name), now()),
    undelete: (name) => void deleted.delete(normalise(name)),
    stateOf: (name) => stateOf(normalise(name)),
    route: (sink, bucket, filter) =>
      void sinks.set(sink, { bucket: normalise(bucket), matches: logFilter(filter) }),
    unroute: (sink) => void sinks.delete(sink),
    shown(resource, at) {
      const name = normalise(resource);
      if (PROJECT.test(name)) return keptFor(name, DEFAULT_DAYS, at);
      const [, bucket = '', project = ''] = VIEW.exec(name) ?? [];
      if (bucket === '') {
        const message = `'${resource}' is no project, and no view that is emulated.`;
        throw new GoogleError('INVALID_ARGUMENT', message);
      }
      const retentionDays = days.get(bucket);
      if (retentionDays === undefined || stateOf(bucket) !== 'ACTIVE')
        throw new GoogleError('NOT_FOUND', `Bucket ${bucket} does not exist.`);
      const into = [...sinks.values()].filter((sink) => sink.bucket === bucket);
      const kept = keptFor(project, retentionDays, at);
      return (entry) => kept(entry) && into.some(({ matches }) => matches(entry));
    },
  };
}
