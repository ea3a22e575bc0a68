/**
 * Port `Listing`: many agents in a few calls. Of a VM no more than is shown (`fields`): its metadata
 * holds the startup script, and five thousand of those are 30 MB.
 *
 * https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets/list
 * https://cloud.google.com/compute/docs/reference/rest/v1/instances/aggregatedList
 */

import { z } from 'zod';
import {
  agentOfInstance,
  CONFIG_SUFFIX,
  ID_PREFIX,
  LABEL_MANAGED_BY,
  MANAGED_BY,
} from '../../contracts/names.ts';
import type { Listing } from '../service/ports.ts';
import type { GoogleAccess } from './google-access.ts';
import { lastSegment } from './google-place.ts';
import { getOf } from './google-rest.ts';

/** Without the dash before it, which negates in a filter (https://google.aip.dev/160): the caller looks closer. */
const PART_OF_NAME = CONFIG_SUFFIX.replace(/^-/, '');
/** Most that Compute Engine gives in one page. */
const MAX_RESULTS = '500';

const labels = z.record(z.string(), z.string()).default({});
const secretPage = z.object({
  secrets: z
    .array(z.object({ name: z.string(), labels, annotations: labels, etag: z.string().optional() }))
    .default([]),
  nextPageToken: z.string().optional(),
});
const instance = z.object({
  name: z.string(),
  status: z.string(),
  zone: z.string(),
  labels,
  lastStartTimestamp: z.string().optional(),
  creationTimestamp: z.string().optional(),
});
const instancePage = z.object({
  items: z.record(z.string(), z.object({ instances: z.array(instance).default([]) })).default({}),
  nextPageToken: z.string().optional(),
});
const SHOWN = 'name,status,zone,labels,lastStartTimestamp,creationTimestamp';
const operationPage = z.object({
  items: z
    .array(
      z.object({
        operationType: z.string(),
        targetLink: z.string(),
        error: z.object({ errors: z.array(z.object({ code: z.string() })) }).optional(),
      }),
    )
    .default([]),
});

export function listingDriver(access: GoogleAccess, project: string): Listing {
  const get = getOf(access);
  const compute = `compute/v1/projects/${project}`;
  return {
    async records(size, token) {
      const page = await get(secretPage, 'secretmanager', `v1/projects/${project}/secrets`, {
        filter: `labels.${LABEL_MANAGED_BY}=${MANAGED_BY} AND name:${PART_OF_NAME}`,
        pageSize: String(size),
        pageToken: token,
        fields: 'secrets(name,labels,annotations,etag),nextPageToken',
      });
      const records = page.secrets.map(({ name, etag, ...rest }) => ({
        id: lastSegment(name),
        secret: { ...rest, etag },
      }));
      return page.nextPageToken ? { records, next: page.nextPageToken } : { records };
    },
    async instances(names) {
      const found: z.output<typeof instance>[] = [];
      let pageToken: string | undefined;
      // Google may end a page wherever it likes, also in front of all that there is.
      do {
        const page = await get(instancePage, 'compute', `${compute}/aggregated/instances`, {
          filter: `name eq "${ID_PREFIX}(${names.join('|')})"`,
          maxResults: MAX_RESULTS,
          returnPartialSuccess: 'true',
          fields: `items/*/instances(${SHOWN}),nextPageToken`,
          pageToken,
        });
        found.push(...Object.values(page.items).flatMap(({ instances }) => instances));
        pageToken = page.nextPageToken;
      } while (pageToken !== undefined);
      return found.map(({ lastStartTimestamp, creationTimestamp, zone: link, ...it }) => ({
        ...it,
        zone: lastSegment(link),
        metadata: {},
        metadataFingerprint: undefined,
        startedAt: lastStartTimestamp ?? creationTimestamp,
      }));
    },
    async failures(zone) {
      const page = await get(operationPage, 'compute', `${compute}/zones/${zone}/operations`, {
        filter: 'status=DONE AND httpErrorStatusCode>=400',
        orderBy: 'creationTimestamp desc',
        maxResults: MAX_RESULTS,
        fields: 'items(operationType,targetLink,error/errors/code)',
      });
      return page.items.flatMap(({ operationType: kind, targetLink, error }) => {
        const agent = agentOfInstance(lastSegment(targetLink));
        const errors = (error?.errors ?? []).map(({ code }) => ({ code, message: '' }));
        return agent ? [{ agent, operation: { kind, done: true, errors } }] : [];
      });
    },
  };
}
