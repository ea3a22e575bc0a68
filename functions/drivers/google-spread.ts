/**
 * What carries some labels, in all zones. Two calls; a zone that does not answer makes them fail,
 * for what is not seen there would be made a second time elsewhere.
 * https://cloud.google.com/compute/docs/reference/rest/v1/instances/aggregatedList
 */

import { z } from 'zod';
import type { Spread } from '../core/observed.ts';
import type { GoogleAccess } from './google-access.ts';
import { lastSegment } from './google-place.ts';
import { type Get, getOf } from './google-rest.ts';

const labelled = z.object({
  name: z.string(),
  creationTimestamp: z.string().optional(),
  users: z.array(z.string()).default([]),
});
const page = z.object({
  items: z
    .record(
      z.string(),
      z.object({
        instances: z.array(labelled).default([]),
        disks: z.array(labelled).default([]),
      }),
    )
    .default({}),
  nextPageToken: z.string().optional(),
});

function filterOf(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `labels.${key}=${value}`)
    .join(' AND ');
}

/** `zones/europe-west1-b`; disks are also listed by region, and none of ours is. */
const ZONE = /^zones\//;

async function everyPage(get: Get, path: string, query: Record<string, string>) {
  const scopes: [string, z.output<typeof page>['items'][string]][] = [];
  let pageToken: string | undefined;
  do {
    const answer = await get(page, 'compute', path, { ...query, pageToken });
    scopes.push(...Object.entries(answer.items).filter(([scope]) => ZONE.test(scope)));
    pageToken = answer.nextPageToken;
  } while (pageToken !== undefined);
  return scopes.map(([scope, { instances, disks }]) => {
    const zone = lastSegment(scope);
    const found = [...instances, ...disks].map(({ name, creationTimestamp, users }) => ({
      ...{ name, zone, createdAt: creationTimestamp, inUse: users.length > 0 },
    }));
    return { zone, found };
  });
}

/** An empty zone is in the answer with its warning alone. */
const fieldsOf = (what: string): string => `items/*(${what},warning/code),nextPageToken`;

export async function spreadOf(
  access: GoogleAccess,
  project: string,
  labels: Readonly<Record<string, string>>,
): Promise<Spread> {
  const get = getOf(access);
  const aggregated = `compute/v1/projects/${project}/aggregated`;
  const query = { filter: filterOf(labels), maxResults: '500' };
  const [instances, disks] = await Promise.all([
    everyPage(get, `${aggregated}/instances`, { ...query, fields: fieldsOf('instances(name)') }),
    everyPage(get, `${aggregated}/disks`, {
      ...query,
      fields: fieldsOf('disks(name,creationTimestamp,users)'),
    }),
  ]);
  return {
    instances: instances.flatMap(({ found }) => found.map(({ name, zone }) => ({ name, zone }))),
    disks: disks.flatMap(({ found }) => found),
    zones: [...new Set(instances.map(({ zone }) => zone))],
  };
}
