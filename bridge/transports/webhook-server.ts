/** The HTTP server that webhooks come to: raw bytes in, a status out. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { PlaneError } from '../../contracts/plane-error.ts';
import { parseAddress } from '../address.ts';
import type { Contact } from '../ports.ts';

export interface WebhookRequest {
  readonly method: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** As it came: signatures are over bytes. */
  readonly body: Buffer;
  /**
   * Whether somebody whom the source answers for has checked the signature: with the secret of that
   * time, which may be replaced since. Of what comes by HTTP nobody has.
   */
  readonly verified: boolean;
}

export interface WebhookAnswer {
  readonly status: number;
  readonly text?: string;
}

/** Where webhooks come from while they are listened to: a port, or a queue. */
export interface WebhookSource {
  /** Undefined where nothing is listened at. */
  readonly port?: number;
  /** How it is asked, where it has to be. */
  readonly contact?: Contact;
  /** Takes no new request; those that are being answered are answered. */
  close(): Promise<void>;
}

/** @param handle throws when it could not take the request: it comes again. */
export type OpenWebhooks = (
  handle: (request: WebhookRequest) => Promise<WebhookAnswer>,
) => Promise<WebhookSource>;

export interface WebhookServer extends WebhookSource {
  readonly port: number;
}

/** Where webhooks are posted to: seeds/004. */
export const WEBHOOK_PATH = '/webhook';

/** Kapso's batches have at most 100 messages; a text has at most 4,096 characters. */
const MAX_BYTES = 4_000_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** After a close, for what was taken: a commit takes milliseconds. */
const LAST_ANSWERS_MS = 2_000;

/** @returns undefined when it is too large; what is left of it is not read then */
const readBody = (req: IncomingMessage): Promise<Buffer | undefined> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    req.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BYTES) chunks.push(chunk);
      else resolve(void req.pause());
    });
    req.on('end', () => resolve(Buffer.concat(chunks, size))).on('error', reject);
  });

function answer(res: ServerResponse, { status, text = '' }: WebhookAnswer): void {
  res.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  res.end(text);
}

async function serve(
  req: IncomingMessage,
  res: ServerResponse,
  path: string,
  handle: (request: WebhookRequest) => Promise<WebhookAnswer>,
): Promise<void> {
  const [wanted, query] = (req.url ?? '/').split('?', 2);
  if (wanted !== path) return answer(res, { status: 404 });
  const body = await readBody(req);
  if (!body) {
    // The connection cannot be used again.
    res.setHeader('connection', 'close');
    return answer(res, { status: 413 });
  }
  const { method = '', headers } = req;
  answer(
    res,
    await handle({ method, query: new URLSearchParams(query), headers, body, verified: false }),
  );
}

/** @param handle throws when it could not take the request: the caller gets a 500 and tries again. */
async function startWebhookServer(options: {
  readonly addr: string;
  readonly path: string;
  readonly handle: (request: WebhookRequest) => Promise<WebhookAnswer>;
}): Promise<WebhookServer> {
  const { host, port } = parseAddress('webhook.addr', options.addr);
  let closing = false;
  const server: Server = createServer((req, res) => {
    if (closing) res.setHeader('connection', 'close');
    serve(req, res, options.path, options.handle).catch(() => {
      if (!res.headersSent) answer(res, { status: 500 });
      else res.destroy();
    });
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new PlaneError('FAILED_PRECONDITION', `Cannot listen at ${options.addr}.`, { cause })),
    );
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        closing = true;
        server.close(() => resolve());
        // What was taken is answered; a connection on which nothing was ever said would be waited for.
        setTimeout(() => server.closeAllConnections(), LAST_ANSWERS_MS).unref();
      }),
  };
}

/** Webhooks at an address of this machine's. */
export const listenAt =
  (addr: string, path = WEBHOOK_PATH): OpenWebhooks =>
  (handle) =>
    startWebhookServer({ addr, path, handle });
