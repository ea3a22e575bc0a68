/**
 * A program that learns who it is from the metadata server, as functions and VMs do: with
 * google-auth-library and nothing but GCE_METADATA_HOST. Prints one JSON object.
 */

import { GoogleAuth } from 'google-auth-library';

const auth = new GoogleAuth({ scopes: 'https://www.googleapis.com/auth/cloud-platform' });
const client = await auth.getClient();
const { token } = await client.getAccessToken();
const idTokens = await auth.getIdTokenClient('https://plane.example');
const headers = await idTokens.getRequestHeaders();
const { client_email: email } = await auth.getCredentials();

process.stdout.write(
  JSON.stringify({
    project: await auth.getProjectId(),
    email,
    accessToken: token,
    authorization: headers.get('authorization'),
  }),
);
