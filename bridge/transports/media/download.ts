/**
 * Fetching a file whose address somebody else chose: from known hosts alone, never from a private
 * address, redirects checked like the first request, and no more than was agreed. The address that
 * was checked is the one that is connected to.
 */

import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { FileResult } from '../../ports.ts';
import { isPublicAddress } from './address.ts';

export interface DownloadRules {
  /** Host names; their subdomains count as well. */
  readonly hosts: readonly string[];
  /** An origin that was configured: trusted as it is, wherever it lies. */
  readonly trustedOrigin: string;
  /** Sent to these hosts and to the trusted origin alone. */
  readonly secretHosts: readonly string[];
  readonly secretHeaders: Readonly<Record<string, string>>;
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

const MAX_REDIRECTS = 3;

/** Codes of a connection that failed, and may not the next time. */
const PASSING: ReadonlySet<string> = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'EPIPE', 'ETIMEDOUT'],
  ...['ENOTFOUND', 'EAI_AGAIN', 'ABORT_ERR'],
]);

const within = (host: string, hosts: readonly string[]): boolean =>
  hosts.some((one) => host === one || host.endsWith(`.${one}`));

/** @returns why this address is not fetched, or undefined. Pure. */
export function refusal(url: URL, rules: DownloadRules): string | undefined {
  if (url.origin === rules.trustedOrigin) return undefined;
  if (url.protocol !== 'https:') return 'not https';
  if (url.port !== '') return 'an unusual port';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0) return 'an address instead of a name';
  return within(host, rules.hosts) ? undefined : `host ${host} is not known`;
}

/** Resolves a name, and fails when any of its addresses is not public. */
const publicLookup: LookupFunction = (hostname, options, callback) => {
  dnsLookup(hostname, { ...options, all: true }, (error, found) => {
    const addresses = found as LookupAddress[];
    if (error) return callback(error, '');
    if (addresses.length === 0 || !addresses.every(({ address }) => isPublicAddress(address))) {
      return callback(Object.assign(new Error(), { code: 'PRIVATE_ADDRESS' }), '');
    }
    if (options.all) return callback(null, addresses);
    const [first] = addresses;
    callback(null, first?.address ?? '', first?.family);
  });
};

function open(url: URL, rules: DownloadRules): Promise<IncomingMessage> {
  const trusted = url.origin === rules.trustedOrigin;
  const secret = trusted || within(url.hostname, rules.secretHosts);
  return new Promise((resolve, reject) => {
    const start = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const outgoing = start(url, {
      agent: false,
      headers: secret ? rules.secretHeaders : {},
      signal: AbortSignal.timeout(rules.timeoutMs),
      ...(!trusted && { lookup: publicLookup }),
    });
    outgoing.on('error', reject);
    outgoing.on('response', resolve);
    outgoing.end();
  });
}

/** @returns undefined when it is more than allowed, or the connection ended early */
async function read(answer: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  if (Number(answer.headers['content-length'] ?? 0) > maxBytes) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer) {
    size += (chunk as Buffer).length;
    if (size > maxBytes) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

const refused = (reason: string): FileResult => ({ kind: 'refused', reason });

/** @returns what an answer other than 200 means */
export const refusedWith = (status: number): FileResult => ({
  kind: 'refused',
  reason: `HTTP ${status}`,
  ...((status === 429 || status >= 500) && { passing: true }),
});

async function attempt(url: URL, rules: DownloadRules, redirects: number): Promise<FileResult> {
  const reason = refusal(url, rules);
  if (reason) return refused(reason);
  const answer = await open(url, rules);
  try {
    const { statusCode = 0, headers } = answer;
    if (statusCode >= 300 && statusCode < 400 && headers.location) {
      if (redirects === 0) return refused('too many redirects');
      return await attempt(new URL(headers.location, url), rules, redirects - 1);
    }
    if (statusCode !== 200) return refusedWith(statusCode);
    const bytes = await read(answer, rules.maxBytes);
    const mime = (headers['content-type'] ?? 'application/octet-stream').split(';')[0] ?? '';
    return bytes ? { kind: 'file', bytes, mime: mime.trim() } : refused('too large');
  } finally {
    answer.destroy();
  }
}

/** Never throws: a file that cannot be had is a fact to be told. */
export async function download(address: string, rules: DownloadRules): Promise<FileResult> {
  try {
    return await attempt(new URL(address), rules, MAX_REDIRECTS);
  } catch (error) {
    const reason = String((error as { code?: unknown }).code ?? 'failed');
    return { kind: 'refused', reason, ...(PASSING.has(reason) && { passing: true }) };
  }
}
