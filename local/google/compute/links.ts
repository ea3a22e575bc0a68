/** How Compute Engine names things: full URLs in resources, paths in IAM and in errors. */

const ROOT = 'https://www.googleapis.com/compute/v1/';

/** The resource path of anything, from a full URL, a partial URL or a path. */
export function pathOf(link: string): string {
  return link.replace(/^https?:\/\/[^/]+\//, '').replace(/^compute\/[a-z0-9]+\//, '');
}

export const linkOf = (path: string): string => ROOT + path;

/** The last part: `agent-x` of `…/instances/agent-x`. */
export const nameOf = (link: string): string => link.slice(link.lastIndexOf('/') + 1);

export const zonePath = (project: string, zone: string): string =>
  `projects/${project}/zones/${zone}`;
export const instancePath = (project: string, zone: string, name: string): string =>
  `${zonePath(project, zone)}/instances/${name}`;
export const diskPath = (project: string, zone: string, name: string): string =>
  `${zonePath(project, zone)}/disks/${name}`;
export const regionOf = (zone: string): string => zone.replace(/-[a-z]$/, '');

/** Completes `zones/z/…`, `global/…` and `regions/r/…` with the project that is asked. */
export function absolutePath(project: string, link: string): string {
  const path = pathOf(link);
  return path.startsWith('projects/') ? path : `projects/${project}/${path}`;
}

/** RFC 3339 in Pacific time, as Compute writes it; a reader must parse it, not compare it. */
export function timestamp(ms: number): string {
  return new Date(ms - 8 * 3_600_000).toISOString().replace('Z', '-08:00');
}
