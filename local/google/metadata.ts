/**
 * The metadata server: for a function's process, which is told of one service account,
 * and for a VM, which is told of itself.
 * https://cloud.google.com/compute/docs/metadata/overview
 */

import { createHash } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import type { InstanceRecord } from './compute/instance.ts';
import type { IdentityDeps } from './metadata/identity.ts';
import { serviceAccountsNode } from './metadata/identity.ts';
import type { ProjectFacts } from './metadata/instance-tree.ts';
import {
  guestAttributesEnabled,
  instanceTree,
  projectNode,
  universeNode,
} from './metadata/instance-tree.ts';
import { type Watch, waitForChange } from './metadata/long-poll.ts';
import {
  descend,
  directory,
  isDirectory,
  type Node,
  text,
  toJson,
  toText,
} from './metadata/tree.ts';
import { CLOUD_PLATFORM } from './tokens.ts';

export interface MetadataDeps extends IdentityDeps {
  readonly project: ProjectFacts;
}

/** What one caller is served. */
interface View {
  readonly tree: () => Node;
  readonly watch: Watch;
  /** Undefined where there are no guest attributes. */
  readonly record: InstanceRecord | undefined;
}

const HEADERS = { 'metadata-flavor': 'Google', server: 'Metadata Server for VM' };

function send(res: ServerResponse, status: number, body: string, headers: object = {}): void {
  const length = Buffer.byteLength(body);
  const type = { 'content-type': 'text/html; charset=UTF-8' };
  res.writeHead(status, { ...HEADERS, ...type, 'content-length': length, ...headers });
  res.end(body);
}

const etagOf = (body: string): string =>
  createHash('sha256').update(body).digest('hex').slice(0, 16);

interface Rendering {
  readonly type: string;
  readonly body: string;
}

/** Leaves are text unless JSON is asked for; recursion is JSON unless text is. */
function render(node: Node, query: URLSearchParams): Rendering {
  const recursive = query.get('recursive')?.toLowerCase() === 'true';
  const alt = query.get('alt') ?? (recursive && isDirectory(node) ? 'json' : 'text');
  return alt === 'json'
    ? { type: 'application/json', body: toJson(node) }
    : { type: 'application/text', body: toText(node, recursive) };
}

const ROOT = '/computeMetadata/v1/';

const namesOf = (path: string): string[] =>
  path.slice(ROOT.length).split('/').filter(Boolean).map(decodeURIComponent);

async function answerRead(
  view: View,
  url: URL,
  path: string,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const query = url.searchParams;
  const find = (): Node | undefined => descend(view.tree(), namesOf(path));
  const first = find();
  if (first?.kind === 'dynamic') {
    const answer = await first.ask(query);
    send(res, answer.status, answer.body, { 'content-type': answer.type });
    return;
  }
  if (first && isDirectory(first) && !path.endsWith('/')) {
    send(res, 301, '', { location: `${path}/${url.search}` });
    return;
  }
  const now = (): Rendering | undefined => {
    const node = find();
    return node && render(node, query);
  };
  if (query.get('wait_for_change')?.toLowerCase() === 'true') {
    const gone = new AbortController();
    res.once('close', () => gone.abort());
    const seconds = query.get('timeout_sec');
    await waitForChange({
      etag: () => etagOf(now()?.body ?? ''),
      lastEtag: query.get('last_etag') ?? undefined,
      timeoutMs: seconds === null ? undefined : Number(seconds) * 1000,
      watch: view.watch,
      gone: gone.signal,
    });
  }
  const rendered = now();
  if (res.destroyed || req.destroyed) return;
  if (!rendered) return send(res, 404, `The requested URL ${path} was not found on this server.`);
  send(res, 200, rendered.body, { 'content-type': rendered.type, etag: etagOf(rendered.body) });
}

const GUEST = `${ROOT}instance/guest-attributes/`;

/** PUT and DELETE of guest attributes: the only things a VM may write. */
async function answerWrite(
  view: View,
  path: string,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const value = await readText(req);
  const { record } = view;
  if (!record || !path.startsWith(GUEST)) return send(res, 405, 'Method Not Allowed');
  if (!guestAttributesEnabled(record)) {
    return send(res, 403, 'Guest attributes endpoint access is disabled.');
  }
  const [namespace, key, ...rest] = path.slice(GUEST.length).split('/').map(decodeURIComponent);
  if (!namespace || !key || rest.length > 0) return send(res, 400, 'Invalid guest attribute path.');
  if (req.method === 'DELETE') {
    const found = record.guest.remove(namespace, key);
    record.changed();
    return send(res, found ? 200 : 404, '');
  }
  if (!record.guest.put(namespace, key, value)) return send(res, 400, 'Invalid guest attribute.');
  record.changed();
  send(res, 200, '');
}

async function answer(view: View, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const url = new URL(req.url ?? '/', 'http://metadata.google.internal');
  const path = url.pathname.replace(/\/{2,}/g, '/');
  if (path === '/') return send(res, 200, 'computeMetadata/\n');
  if (req.headers['x-forwarded-for'] !== undefined) {
    return send(res, 403, 'X-Forwarded-For header is not allowed.');
  }
  if (req.headers['metadata-flavor'] !== 'Google') {
    return send(res, 403, 'Missing required header: Metadata-Flavor: Google');
  }
  if (path === '/computeMetadata/') return send(res, 200, 'v1/\n');
  if (!`${path}/`.startsWith(ROOT)) return send(res, 404, 'Not found.');
  if (req.method === 'PUT' || req.method === 'DELETE') return answerWrite(view, path, req, res);
  if (req.method !== 'GET' && req.method !== 'HEAD') return send(res, 405, 'Method Not Allowed');
  await answerRead(view, url, path, req, res);
}

const listenerOf =
  (viewOf: (req: IncomingMessage) => View | undefined): RequestListener =>
  (req, res) => {
    const view = viewOf(req);
    if (!view) return send(res, 404, 'Unknown instance.');
    answer(view, req, res).catch(() => {
      if (!res.headersSent) send(res, 500, 'Internal error.');
    });
  };

/**
 * What a function's process sees, given as `GCE_METADATA_HOST`.
 * @param email the service account it runs as
 * @param region as in `europe-west1`
 */
export function accountMetadata(
  deps: MetadataDeps,
  email: string,
  region: string,
): RequestListener {
  const { project } = deps;
  const scopes = [CLOUD_PLATFORM];
  const tree = directory({
    instance: directory({
      id: text(createHash('sha256').update(email).digest('hex')),
      region: text(`projects/${project.number}/regions/${region}`),
      'service-accounts': serviceAccountsNode(deps, { email, scopes, instance: undefined }),
      zone: text(`projects/${project.number}/zones/${region}-1`),
    }),
    project: projectNode(project),
    universe: universeNode(),
  });
  const view: View = { tree: () => tree, watch: () => () => undefined, record: undefined };
  return listenerOf(() => view);
}

/**
 * What VMs see at 169.254.169.254.
 * @param recordOf which instance a request comes from; it must be known by the connection,
 *   never by anything the guest says
 */
export function instanceMetadata(
  deps: MetadataDeps,
  recordOf: (req: IncomingMessage) => InstanceRecord | undefined,
): RequestListener {
  return listenerOf((req) => {
    const record = recordOf(req);
    return (
      record && {
        tree: () => instanceTree(record, deps.project, deps),
        watch: (onChange) => record.watch(onChange),
        record,
      }
    );
  });
}
