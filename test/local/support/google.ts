/** An emulator with one project and an owner, for tests that talk to it over its sockets. */

import { OAuth2Client } from 'google-auth-library';
import { type Google, type GoogleOptions, startGoogle } from '../../../local/google/google.ts';
import { seedOwner } from '../../../local/google/seed.ts';

export const PROJECT = { id: 'test-project', number: '210987654321', name: 'Test' };
export const OWNER = 'owner@example.com';

export interface TestGoogle {
  readonly google: Google;
  /** Access token of a project owner. */
  readonly ownerToken: string;
}

export async function startTestGoogle(options: Partial<GoogleOptions> = {}): Promise<TestGoogle> {
  const users = [OWNER, 'allison@example.com'];
  const google = await startGoogle({ projects: [PROJECT], users, ...options });
  return { google, ownerToken: seedOwner(google, PROJECT.id, OWNER).accessToken };
}

/** What the official clients take as `authClient`. */
export function clientWith(accessToken: string): OAuth2Client {
  const client = new OAuth2Client();
  client.setCredentials({ access_token: accessToken });
  return client;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly json: Record<string, never> & {
    error: { code: number; message: string; status: string };
  };
}

/** One raw request, for what no client would send. */
export async function send(
  google: Google,
  path: string,
  init: { method?: string; token?: string; body?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { method = 'GET', token, body, headers = {} } = init;
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${google.restUrl}${path}`, {
    method,
    headers: { ...authorization, ...headers },
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  return { status: response.status, text, json: text.startsWith('{') ? JSON.parse(text) : {} };
}
