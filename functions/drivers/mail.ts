/**
 * Port `Mailer` on Gmail, keyless: the plane's service account signs a delegation for the
 * sender's mailbox with IAM Credentials, so no key file exists anywhere.
 * https://developers.google.com/identity/protocols/oauth2/service-account#delegatingauthority
 */

import { OAuth2Client } from 'google-auth-library';
import { gmail_v1 } from 'googleapis/build/src/apis/gmail/v1.js';
import { iamcredentials_v1 } from 'googleapis/build/src/apis/iamcredentials/v1.js';
import { ID_HEADER, renderMime } from '../core/mime.ts';
import type { Mailer } from '../service/ports.ts';
import type { GoogleAccess } from './google-access.ts';
import { call } from './google-error.ts';

export interface Sender {
  /** The plane's own service account, which may sign for itself. */
  readonly serviceAccount: string;
  /** The mailbox that mail comes from. */
  readonly from: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const SCOPES = ['gmail.send', 'gmail.readonly'];
/** The audience that Google's token endpoint asks for, wherever it is reached. */
const AUDIENCE = 'https://oauth2.googleapis.com/token';
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
/** Seconds. Google allows 3600. */
const LIFETIME_S = 600;
/** Messages to one owner that are looked through: far more than the plane ever sends. */
const LOOK_AT = 50;

/** A short-lived access token for the sender's mailbox. */
async function delegatedToken(access: GoogleAccess, sender: Sender): Promise<string> {
  const iat = Math.floor(sender.now() / 1000);
  const claims = {
    iss: sender.serviceAccount,
    sub: sender.from,
    scope: SCOPES.map((scope) => `https://www.googleapis.com/auth/${scope}`).join(' '),
    aud: AUDIENCE,
    iat,
    exp: iat + LIFETIME_S,
  };
  const credentials = new iamcredentials_v1.Iamcredentials(access.rest);
  const { data } = await credentials.projects.serviceAccounts.signJwt({
    name: `projects/-/serviceAccounts/${sender.serviceAccount}`,
    requestBody: { payload: JSON.stringify(claims) },
  });
  const response = await fetch(access.tokenUrl, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: GRANT, assertion: data.signedJwt ?? '' }),
    signal: AbortSignal.timeout(20_000),
  });
  const answer = (await response.json().catch(() => ({}))) as { access_token?: string };
  if (response.ok && answer.access_token) return answer.access_token;
  throw Object.assign(new Error('the token endpoint refused the delegation'), {
    // 400 and 401 alike mean that the delegation is not set up, which is a permission.
    status: response.status < 500 ? 403 : response.status,
  });
}

/** Gmail clients for the sender's mailbox; one token per use, none is kept. */
async function mailbox(access: GoogleAccess, sender: Sender): Promise<gmail_v1.Gmail> {
  const auth = new OAuth2Client();
  auth.setCredentials({ access_token: await delegatedToken(access, sender) });
  return new gmail_v1.Gmail({ ...access.rest, auth });
}

export function mailDriver(access: GoogleAccess, sender: Sender): Mailer {
  return {
    send: (message) =>
      call('send mail', async () => {
        const mime = await renderMime({ ...message, from: sender.from, at: sender.now() });
        const raw = mime.toString('base64url');
        const gmail = await mailbox(access, sender);
        // No retry: a send whose answer got lost may have happened (docs/decisions/012).
        const { data } = await gmail.users.messages.send(
          { userId: 'me', requestBody: { raw } },
          { retry: false },
        );
        return data.id ?? '';
      }),
    wasSent: (id, to) =>
      call('search sent mail', async () => {
        const gmail = await mailbox(access, sender);
        const q = `in:sent to:${to}`;
        const { data } = await gmail.users.messages.list({ userId: 'me', q, maxResults: LOOK_AT });
        for (const { id: messageId } of data.messages ?? []) {
          if (messageId && (await idOf(gmail, messageId)) === id) return true;
        }
        return false;
      }),
  };
}

async function idOf(gmail: gmail_v1.Gmail, messageId: string): Promise<string | undefined> {
  const { data } = await gmail.users.messages.get({
    userId: 'me',
    id: messageId,
    format: 'metadata',
    metadataHeaders: [ID_HEADER],
  });
  const headers = data.payload?.headers ?? [];
  return (
    headers.find(({ name }) => name?.toLowerCase() === ID_HEADER.toLowerCase())?.value ?? undefined
  );
}
