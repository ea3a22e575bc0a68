/** Takes sends at once and times them; posts signed webhooks over connections that stay open. */

import { createHmac } from 'node:crypto';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface KapsoStub {
  readonly baseUrl: string;
  /** Called with the text of each message that was sent. */
  onSent: (text: string) => void;
  /** @returns the status */
  webhook(port: number, id: string, from: string, text: string): Promise<number>;
  close(): Promise<void>;
}

export const PHONE_NUMBER_ID = '647015955153740';
export const SECRET = 'wh_sec_bench';

const bodyOf = (id: string, from: string, text: string): string =>
  JSON.stringify({
    message: {
      id,
      timestamp: String(Math.floor(Date.now() / 1000)),
      type: 'text',
      from,
      text: { body: text },
      kapso: { direction: 'inbound', phone_number_id: PHONE_NUMBER_ID },
    },
    conversation: { id: `conv_${from}`, phone_number: `+${from}` },
    phone_number_id: PHONE_NUMBER_ID,
  });

export async function startKapsoStub(): Promise<KapsoStub> {
  const agent = new Agent({ keepAlive: true });
  let count = 0;
  const server = createServer((req, res) => {
    let body = '';
    req.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    req.on('end', () => {
      res.setHeader('content-type', 'application/json');
      if (req.method === 'GET') return void res.end('{"data":[],"paging":null}');
      const sent = JSON.parse(body) as { text?: { body: string } };
      res.end(JSON.stringify({ messages: [{ id: `wamid.${++count}` }] }));
      if (sent.text) stub.onSent(sent.text.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stub: KapsoStub = {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v24.0`,
    onSent: () => {},
    webhook: (port, id, from, text) =>
      new Promise((resolve, reject) => {
        const body = bodyOf(id, from, text);
        const signature = createHmac('sha256', SECRET).update(body).digest('hex');
        const headers = {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'x-webhook-event': 'whatsapp.message.received',
          'x-webhook-signature': signature,
        };
        const path = '/webhook';
        request({ host: '127.0.0.1', port, path, method: 'POST', headers, agent }, (answer) => {
          answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
        })
          .on('error', reject)
          .end(body);
      }),
    async close() {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return stub;
}
