/** Google ends a page of a list where it likes: what is behind it is part of the list. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GoogleAuth, OAuth2Client } from 'google-auth-library';
import { agentName } from '../../contracts/names.ts';
import type { GoogleAccess } from '../../functions/drivers/google-access.ts';
import { listingDriver } from '../../functions/drivers/listing.ts';

const instance = (name: string) => ({ name, status: 'RUNNING', zone: 'zones/europe-west1-b' });
const inZone = (name: string) => ({ items: { 'zones/z': { instances: [instance(name)] } } });
/** The middle one is empty, as those of a filter may be. */
const PAGES: Readonly<Record<string, object>> = {
  '': { ...inZone('agent-ada'), nextPageToken: 'a' },
  a: { nextPageToken: 'b' },
  b: inZone('agent-bob'),
};

test('VMs of three pages', async () => {
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(PAGES[searchParams.get('pageToken') ?? '']));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const authClient = new OAuth2Client();
    authClient.setCredentials({ access_token: 'token' });
    const auth = new GoogleAuth({ authClient }) as GoogleAccess['auth'];
    const rootUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const access: GoogleAccess = {
      auth,
      generated: { auth, fallback: true, clientConfig: {} },
      rest: { auth, retry: false, rootUrl },
      tokenUrl: '',
    };
    const names = ['ada', 'bob'].map((name) => agentName.parse(name));
    const found = await listingDriver(access, 'p').instances(names);
    expect(found.map(({ name }) => name)).toEqual(['agent-ada', 'agent-bob']);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
