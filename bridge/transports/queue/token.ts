/**
 * Access tokens of the VM's own service account, from the metadata server; each is used until
 * shortly before it ends. https://cloud.google.com/compute/docs/access/authenticate-workloads
 */

import { z } from 'zod';
import { below } from '../../../contracts/url.ts';
import type { HttpClient } from '../http-client.ts';

const answer = z.looseObject({ access_token: z.string(), expires_in: z.number() });

const PATH = '/computeMetadata/v1/instance/service-accounts/default/token';
const TIMEOUT_MS = 10_000;
/** The metadata server hands out a fresh one from five minutes before the end. */
const EARLY_MS = 240_000;

export interface Tokens {
  /** @returns a valid token. @throws Error when this machine has none to give */
  take(): Promise<string>;
  /** It was refused: the next one is asked for. */
  forget(): void;
}

export function createTokens(http: HttpClient, metadataUrl: string, now: () => number): Tokens {
  let held: { readonly token: string; readonly until: number } | undefined;
  const take = async (): Promise<string> => {
    if (held && now() < held.until) return held.token;
    const url = below(metadataUrl, PATH);
    const headers = { 'metadata-flavor': 'Google' };
    const { status, text } = await http.request(url, {
      method: 'GET',
      headers,
      timeoutMs: TIMEOUT_MS,
    });
    if (status !== 200) throw new Error(`the metadata server answered ${status}`);
    const { access_token: token, expires_in: seconds } = answer.parse(JSON.parse(text));
    held = { token, until: now() + seconds * 1_000 - EARLY_MS };
    return token;
  };
  return {
    take,
    forget() {
      held = undefined;
    },
  };
}
