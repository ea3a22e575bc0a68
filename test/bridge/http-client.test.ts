/** What the client knows of a request that got no answer: may a byte of it have left? Real sockets. */

import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { createHttpClient, MAX_SOCKETS } from '../../bridge/transports/http-client.ts';
import { createAuthority } from '../../local/plane/authority.ts';

async function listening<S extends Server>(server: S): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const post = (timeoutMs: number) =>
  ({ method: 'POST', headers: {}, body: 'hello', timeoutMs }) as const;
/** More than any answer takes on a busy machine. */
const AMPLE_MS = 60_000;

async function failureAt(url: string, timeoutMs = AMPLE_MS): Promise<unknown> {
  const http = createHttpClient();
  try {
    return await http.request(url, post(timeoutMs)).catch((error: unknown) => error);
  } finally {
    http.close();
  }
}

test("nobody listens, or the name is nobody's: nothing left", async () => {
  const server = createTcpServer();
  const port = await listening(server);
  server.close();
  const refused = await failureAt(`http://127.0.0.1:${port}/`);
  expect(refused).toMatchObject({ code: 'ECONNREFUSED', begun: false });
  expect(await failureAt('https://nobody.invalid/')).toMatchObject({ begun: false });
});

test('a network that swallows what is sent: the handshake never ends, nothing left', async () => {
  const held: Socket[] = [];
  const server = createTcpServer((socket) => held.push(socket));
  const port = await listening(server);
  const swallowed = await failureAt(`https://127.0.0.1:${port}/`, 1_000);
  expect(swallowed).toMatchObject({ code: 'TIMEOUT', begun: false });
  expect(held).toHaveLength(1);
  for (const socket of held) socket.destroy();
  server.close();
});

test('a certificate that nobody vouches for: the server gets no byte of the request', async () => {
  const got: Buffer[] = [];
  const authority = await createAuthority(Date.now);
  const contextOf: TlsOptions['SNICallback'] = (host, use) =>
    void authority.contextFor(host).then((context) => use(null, context), use);
  const server = createTlsServer({ SNICallback: contextOf }, (socket) => {
    socket.on('data', (bytes) => got.push(bytes)).on('error', () => {});
  });
  const refused = await failureAt(`https://localhost:${await listening(server)}/`);
  expect(refused).toMatchObject({ code: expect.stringMatching('^UNABLE_TO'), begun: false });
  expect(Buffer.concat(got)).toHaveLength(0);
  server.close();
});

test('taken and not answered, on a new connection and on one that was used before: it may have left', async () => {
  let answers = 1;
  const server = createServer((request, response) => {
    request.resume();
    if (answers-- > 0) response.end('ok');
  });
  const port = await listening(server);
  const http = createHttpClient();
  const url = `http://127.0.0.1:${port}/`;
  expect(await http.request(url, post(AMPLE_MS))).toMatchObject({ status: 200 });
  const late = { code: 'TIMEOUT', begun: true };
  await expect(http.request(url, post(1_000))).rejects.toMatchObject(late);
  await expect(http.request(url, post(1_000))).rejects.toMatchObject(late);
  http.close();
  server.closeAllConnections();
  server.close();
});

test('taken and not answered, by a connection that it waited for: it may have left', async () => {
  const held: ServerResponse[] = [];
  const server = createServer((request, response) => {
    request.resume();
    held.push(response);
    // All that may be open are: one is free for whoever waits.
    if (held.length === MAX_SOCKETS) held[0]?.end('ok');
    if (held.length > MAX_SOCKETS) request.socket.destroy();
  });
  const port = await listening(server);
  const http = createHttpClient();
  const all = await Promise.all(
    Array.from({ length: MAX_SOCKETS + 1 }, (_, n) =>
      http.request(`http://127.0.0.1:${port}/`, post(AMPLE_MS)).then(
        () => undefined,
        (error: unknown) => {
          if (n === MAX_SOCKETS) server.closeAllConnections();
          return error;
        },
      ),
    ),
  );
  expect(all.at(-1)).toMatchObject({ code: 'ECONNRESET', begun: true });
  http.close();
  server.close();
});

test('waits for a connection longer than its caller waits: it is never sent', async () => {
  const held: ServerResponse[] = [];
  const all = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    request.resume();
    held.push(response);
    if (held.length === MAX_SOCKETS) all.resolve();
  });
  const port = await listening(server);
  const http = createHttpClient();
  const url = `http://127.0.0.1:${port}/`;
  const under = Array.from({ length: MAX_SOCKETS }, () => http.request(url, post(AMPLE_MS)));
  await all.promise;
  const late = { code: 'TIMEOUT', begun: false };
  await expect(http.request(url, post(100))).rejects.toMatchObject(late);
  const next = http.request(url, post(AMPLE_MS));
  for (const response of held.splice(0)) response.end('ok');
  await Promise.all(under);
  // It came after the late one, and is the only one that the freed connections bring.
  while (held.length === 0) await once(server, 'request');
  held[0]?.end('ok');
  expect(await next).toMatchObject({ status: 200, text: 'ok' });
  expect(held).toHaveLength(1);
  http.close();
  server.close();
});

test('an answer without end is not waited for', async () => {
  const server = createServer((_request, response) => {
    const more = (): void => {
      while (response.write(Buffer.alloc(1_000_000)));
      response.once('drain', more);
    };
    more();
  });
  const endless = await failureAt(`http://127.0.0.1:${await listening(server)}/`);
  expect(endless).toMatchObject({ code: 'TOO_LARGE', begun: true });
  server.closeAllConnections();
  server.close();
});
