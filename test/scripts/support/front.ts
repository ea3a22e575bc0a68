/** What stands before the plane's API: cuts lists into pages, and is too late with one of them. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { below } from '../../../contracts/url.ts';
import { inBothHeaders } from '../../../local/google/cloud-run.ts';

export interface Front {
  readonly url: string;
  /** Path and query of what was asked, in order. */
  readonly asked: readonly string[];
  close(): Promise<unknown>;
}

/** @param late number of the request, from 1, that is answered as one that took too long */
export async function frontOf(apiUrl: string, pageSize: number, late: number): Promise<Front> {
  const asked: string[] = [];
  const server = createServer(async ({ method = '', url = '', headers }, response) => {
    const json = { 'content-type': 'application/json' };
    if (asked.push(url) === late) {
      const error = { code: 'DEADLINE_EXCEEDED', message: 'too late', details: [], requestId: 'x' };
      return response.writeHead(504, json).end(JSON.stringify({ error }));
    }
    const target = new URL(below(apiUrl, url));
    target.searchParams.set('pageSize', String(pageSize));
    const token = headers.authorization?.split(' ').at(-1) ?? '';
    const answer = await fetch(target, { method, headers: inBothHeaders(token) });
    response.writeHead(answer.status, json).end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
