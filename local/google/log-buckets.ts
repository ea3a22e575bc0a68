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
  /** @param name full, `projects/p/locations/l/buckets/b` */
  create(name: string, retentionDays: number): void;
  remove(name: string): void;
  /** A sink: what matches the filter is kept in that bucket, too. @throws GoogleError INVALID_ARGUMENT */
  route(sink: string, bucket: string, filter: string): void;
  unroute(sink: string): void;
  /**
   * What is to be seen under a resource name of entries:list.
   * @param now milliseconds since 1970
   * @throws GoogleError INVALID_ARGUMENT, NOT_FOUND
   */
  shown(resource: string, now: number): (entry: Json) => boolean;
}

/** What entries:list asks of the caller for a resource name. */
export const readDemand = (resource: string): Demand => ({
  permission: VIEW.test(resource) ? 'logging.views.access' : 'logging.logEntries.list',
  resource,
});

/** @param normalise of a resource name: its project by id */
export function createLogBuckets(normalise: (name: string) => string): LogBuckets {
  const days = new Map<string, number>();
  const sinks = new Map<string, { bucket: string; matches: (entry: Json) => boolean }>();

  const keptFor = (project: string, retentionDays: number, now: number) => (entry: Json) =>
    normalise(String(entry.logName)).startsWith(`${project}/`) &&
    Date.parse(String(entry.timestamp)) >= now - retentionDays * DAY_MS;

  return {
    create: (name, retentionDays) => void days.set(normalise(name), retentionDays),
    remove: (name) => void days.delete(normalise(name)),
    route: (sink, bucket, filter) =>
      void sinks.set(sink, { bucket: normalise(bucket), matches: logFilter(filter) }),
    unroute: (sink) => void sinks.delete(sink),
    shown(resource, now) {
      const name = normalise(resource);
      if (PROJECT.test(name)) return keptFor(name, DEFAULT_DAYS, now);
      const [, bucket = '', project = ''] = VIEW.exec(name) ?? [];
      if (bucket === '') {
        const message = `'${resource}' is no project, and no view that is emulated.`;
        throw new GoogleError('INVALID_ARGUMENT', message);
      }
      const retentionDays = days.get(bucket);
      if (retentionDays === undefined)
        throw new GoogleError('NOT_FOUND', `Bucket ${bucket} does not exist.`);
      const into = [...sinks.values()].filter((sink) => sink.bucket === bucket);
      const kept = keptFor(project, retentionDays, now);
      return (entry) => kept(entry) && into.some(({ matches }) => matches(entry));
    },
  };
}
