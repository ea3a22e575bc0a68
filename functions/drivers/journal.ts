/**
 * Port `Journal`: VMs' serial ports, and the audit lines of the plane's functions in Cloud Logging.
 * Plain REST, like listing.ts: two methods, for which the generated clients would load a megabyte.
 *
 * https://cloud.google.com/compute/docs/reference/rest/v1/instances/getSerialPortOutput
 * https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list
 * https://cloud.google.com/logging/docs/logs-views
 */

import { z } from 'zod';
import { auditLine } from '../../contracts/journal.ts';
import { instanceName } from '../../contracts/names.ts';
import type { AuditQuery, Journal } from '../service/ports.ts';
import { type GoogleAccess, urlAt } from './google-access.ts';
import { call, read } from './google-error.ts';

const serial = z.object({ contents: z.string().default(''), next: z.string().default('0') });

const entries = z.object({
  entries: z
    .array(
      z.object({
        timestamp: z.string(),
        jsonPayload: z.object({ requestId: z.string().default(''), audit: z.unknown() }),
      }),
    )
    .default([]),
  nextPageToken: z.string().optional(),
});

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

/** The bucket of infra/audit.tf. Under the project's own name is the default bucket alone, which keeps 30 days. */
const viewOf = (project: string, region: string): string =>
  `projects/${project}/locations/${region}/buckets/agents-plane-audit/views/_AllLogs`;

/**
 * What a function prints is in the log `run.googleapis.com/stdout` of its Cloud Run service.
 * https://cloud.google.com/run/docs/logging
 */
function filterOf(project: string, { agent, since }: AuditQuery): string {
  return [
    `logName=${quoted(`projects/${project}/logs/run.googleapis.com%2Fstdout`)}`,
    'resource.type="cloud_run_revision"',
    'jsonPayload.audit.what:*',
    ...(since ? [`timestamp>=${quoted(since)}`] : []),
    ...(agent ? [`jsonPayload.audit.agent=${quoted(agent)}`] : []),
  ].join(' AND ');
}

/** @param region of the functions, where the audit log is */
export function journalDriver(access: GoogleAccess, project: string, region: string): Journal {
  const { auth } = access;
  return {
    serial: (name, zone, from) =>
      read(`read the serial port of ${instanceName(name)}`, async () => {
        const path = `compute/v1/projects/${project}/zones/${zone}/instances/${instanceName(name)}`;
        const url = urlAt(access, 'compute', `${path}/serialPort`);
        url.searchParams.set('start', from);
        const { data } = await auth.request({ url: url.href, retry: false });
        const { contents: text, next } = serial.parse(data);
        return { text, next };
      }),
    audit: (query) =>
      call('read the audit log', async () => {
        const { data } = await auth.request({
          url: urlAt(access, 'logging', 'v2/entries:list').href,
          method: 'POST',
          retry: false,
          data: {
            resourceNames: [viewOf(project, region)],
            filter: filterOf(project, query),
            orderBy: 'timestamp desc',
            pageSize: query.size,
            ...(query.token ? { pageToken: query.token } : {}),
          },
        });
        const page = entries.parse(data);
        // Whoever may write logs could write anything: what is no audit line is left out.
        const lines = page.entries.flatMap(({ timestamp, jsonPayload: { requestId, audit } }) => {
          const line = auditLine.safeParse({ ...(audit as object), at: timestamp, requestId });
          return line.success ? [line.data] : [];
        });
        return { lines, ...(page.nextPageToken ? { nextPageToken: page.nextPageToken } : {}) };
      }),
  };
}
