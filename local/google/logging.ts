/**
 * Cloud Logging: entries:write and entries:list. Kept in memory, the newest ones.
 *
 * https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries
 */

import { excerptProtos } from './excerpt.ts';
import { readDemand } from './log-buckets.ts';
import { logFilter, SEVERITIES } from './log-filter.ts';
import { paginate } from './page.ts';
import { createSchema, type Json } from './proto-schema.ts';
import { restRoutes } from './rest-binding.ts';
import type { RpcMethod } from './rpc.ts';
import type { Service } from './service.ts';
import { GoogleError } from './service.ts';
import type { World } from './world.ts';

/** Older entries are forgotten beyond this many. */
const KEPT = 50_000;
const PAGE_MAX = 1000;

const PROTOS = {
  name: 'google.logging.v2',
  service: 'LoggingServiceV2',
  enums: { LogSeverity: SEVERITIES },
  messages: {
    LogEntry: {
      logName: 'string',
      resource: 'google.protobuf.Struct',
      timestamp: 'google.protobuf.Timestamp',
      receiveTimestamp: 'google.protobuf.Timestamp',
      severity: 'LogSeverity',
      insertId: 'string',
      httpRequest: 'google.protobuf.Struct',
      labels: 'map<string>',
      textPayload: 'string',
      jsonPayload: 'google.protobuf.Struct',
      protoPayload: 'google.protobuf.Any',
      operation: 'google.protobuf.Struct',
      trace: 'string',
      spanId: 'string',
      traceSampled: 'bool',
      sourceLocation: 'google.protobuf.Struct',
    },
    WriteLogEntriesRequest: {
      logName: 'string',
      resource: 'google.protobuf.Struct',
      labels: 'map<string>',
      entries: 'LogEntry[]',
      partialSuccess: 'bool',
      dryRun: 'bool',
    },
    ListLogEntriesRequest: {
      resourceNames: 'string[]',
      filter: 'string',
      orderBy: 'string',
      pageSize: 'int32',
      pageToken: 'string',
    },
  },
  methods: {
    WriteLogEntries: ['WriteLogEntriesRequest', 'post', '/v2/entries:write', '*'],
    ListLogEntries: ['ListLogEntriesRequest', 'post', '/v2/entries:list', '*'],
  },
} as const;

const invalid = (message: string): GoogleError => new GoogleError('INVALID_ARGUMENT', message);

/** `projects/p` of `projects/p/logs/x`. @throws GoogleError INVALID_ARGUMENT */
function projectOf(logName: unknown): string {
  const project = /^(projects\/[^/]+)\/logs\/[^/]+$/.exec(String(logName ?? ''))?.[1];
  if (!project) throw invalid(`Log name '${logName}' must be projects/[PROJECT_ID]/logs/[LOG_ID].`);
  return project;
}

/** The entries of a request, its defaults filled in. */
const entriesOf = (request: Json): readonly Json[] =>
  ((request.entries ?? []) as Json[]).map((entry) => ({
    ...entry,
    logName: entry.logName ?? request.logName,
    resource: entry.resource ?? request.resource,
    labels: { ...(request.labels as Json), ...(entry.labels as Json) },
  }));

export interface Logging {
  readonly service: Service;
  /** Oldest first. */
  readonly entries: () => readonly Json[];
  /**
   * One line that a function printed, as Cloud Run's agent takes it over: an object is structured,
   * and some of its fields become the entry's own.
   * https://cloud.google.com/logging/docs/structured-logging
   */
  readonly printed: (project: string, service: string, line: string) => void;
  /** Google's own hand. */
  readonly write: (entry: Json) => void;
}

function stamp(world: World, entry: Json): Json {
  const receiveTimestamp = new Date(world.clock.now()).toISOString();
  const insertId = entry.insertId ?? world.random().slice(0, 16);
  const timestamp = entry.timestamp ?? receiveTimestamp;
  return { severity: 'DEFAULT', ...entry, timestamp, receiveTimestamp, insertId };
}

function keep(log: Json[], entries: readonly Json[]): void {
  log.push(...entries);
  log.splice(0, Math.max(0, log.length - KEPT));
}

function methodsOf(world: World, log: Json[]): Record<string, RpcMethod> {
  const seen = (resources: readonly string[]) => {
    const shown = resources.map((name) => world.logBuckets.shown(name, world.clock.now()));
    return (entry: Json): boolean => shown.some((shows) => shows(entry));
  };
  return {
    WriteLogEntries: {
      demands: (request) =>
        [...new Set(entriesOf(request).map((entry) => projectOf(entry.logName)))].map(
          (resource) => ({ permission: 'logging.logEntries.create', resource }),
        ),
      handle: (request) => {
        const entries = entriesOf(request);
        if (entries.some((entry) => entry.resource === undefined)) {
          throw invalid('A monitored resource is required for every entry.');
        }
        if (!request.dryRun)
          keep(
            log,
            entries.map((entry) => stamp(world, entry)),
          );
        return {};
      },
    },
    ListLogEntries: {
      demands: (request) => ((request.resourceNames ?? []) as string[]).map(readDemand),
      handle: (request) => {
        const names = (request.resourceNames ?? []) as string[];
        if (names.length === 0) throw invalid('At least one resource name is required.');
        const found = log.filter(seen(names)).filter(logFilter(String(request.filter ?? '')));
        const ordered = request.orderBy === 'timestamp desc' ? found.toReversed() : found;
        const size = request.pageSize as number | undefined;
        const { items, ...next } = paginate(ordered, size, request.pageToken as string, PAGE_MAX);
        return { entries: items, ...next };
      },
    },
  };
}

/** What an entry holds of a printed line. */
function payloadOf(line: string): Json {
  try {
    const { severity = 'DEFAULT', httpRequest, ...jsonPayload } = JSON.parse(line) as Json;
    return { severity, jsonPayload, ...(httpRequest ? { httpRequest } : {}) };
  } catch {
    return { severity: 'DEFAULT', textPayload: line };
  }
}

export function createLogging(world: World): Logging {
  const log: Json[] = [];
  const service: Service = {
    name: 'logging',
    errorShape: 'rpc',
    routes: restRoutes({
      name: 'google.logging.v2.LoggingServiceV2',
      schema: createSchema(excerptProtos(PROTOS)),
      methods: methodsOf(world, log),
    }),
  };
  const printed = (project: string, name: string, line: string): void => {
    const timestamp = new Date(world.clock.now()).toISOString();
    const common = {
      logName: `projects/${project}/logs/run.googleapis.com%2Fstdout`,
      resource: { type: 'cloud_run_revision', labels: { project_id: project, service_name: name } },
      ...{ timestamp, receiveTimestamp: timestamp, insertId: world.random().slice(0, 16) },
    };
    keep(log, [{ ...common, ...payloadOf(line) }]);
  };
  const write = (entry: Json): void => keep(log, [stamp(world, entry)]);
  return { service, entries: () => log, printed, write };
}
