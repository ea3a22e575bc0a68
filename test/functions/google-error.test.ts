/** What a failed call to Google is to our callers: those that may be repeated have to be known as such. */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { call } from '../../functions/drivers/google-error.ts';

test('a server that takes the connection and says nothing: too late, by our own clock', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ask = () => fetch(`http://127.0.0.1:${port}`, { signal: AbortSignal.timeout(50) });
  try {
    await expect(call('ask', ask)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  } finally {
    server.close();
  }
});

test.each([
  ['ours, of fetch', new DOMException('late', 'TimeoutError'), 'DEADLINE_EXCEEDED'],
  ["gaxios'", Object.assign(new Error('late'), { code: 'TimeoutError' }), 'DEADLINE_EXCEEDED'],
  ["a generated client's", Object.assign(new Error('late'), { code: 4 }), 'DEADLINE_EXCEEDED'],
  ['a refused connection', new Error('no', { cause: { code: 'ECONNREFUSED' } }), 'UNAVAILABLE'],
  ['a status', Object.assign(new Error('no'), { status: 403 }), 'PERMISSION_DENIED'],
  ['of 500 and above', Object.assign(new Error('no'), { status: 500 }), 'UNAVAILABLE'],
  ['one that nobody foresaw', new Error('no'), 'INTERNAL'],
])('%s', async (_, error, code) => {
  await expect(call('ask', () => Promise.reject(error))).rejects.toMatchObject({ code });
});
