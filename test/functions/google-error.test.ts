/** What a failed call to Google is to our callers: those that may be repeated have to be known as such. */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { call } from '../../functions/drivers/google-error.ts';

/** As googleapis throws a 403: with the answer in it. */
const refused = (error: object) =>
  Object.assign(new Error('no'), { status: 403, response: { data: { error } } });
const legacy = (reason: string) =>
  refused({ code: 403, errors: [{ domain: 'usageLimits', reason }] });
const newer = (reason: string) => refused({ status: 'PERMISSION_DENIED', details: [{ reason }] });
const rateOfGrpc = Object.assign(new Error('no'), { code: 7, reason: 'RATE_LIMIT_EXCEEDED' });
const named = Object.assign(new Error('rateLimitExceeded'), { status: 403 });

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
  ['a rate of the older APIs', legacy('rateLimitExceeded'), 'RESOURCE_EXHAUSTED'],
  ["a person's rate", legacy('userRateLimitExceeded'), 'RESOURCE_EXHAUSTED'],
  ['a quota', legacy('quotaExceeded'), 'RESOURCE_EXHAUSTED'],
  ['another reason for a 403', legacy('forbidden'), 'PERMISSION_DENIED'],
  ['a rate of the newer APIs', newer('RATE_LIMIT_EXCEEDED'), 'RESOURCE_EXHAUSTED'],
  ['a permission of theirs', newer('IAM_PERMISSION_DENIED'), 'PERMISSION_DENIED'],
  ["a rate, of gRPC's", rateOfGrpc, 'RESOURCE_EXHAUSTED'],
  ['a rate that is named in the text alone', named, 'PERMISSION_DENIED'],
  ['of 500 and above', Object.assign(new Error('no'), { status: 500 }), 'UNAVAILABLE'],
  ['one that nobody foresaw', new Error('no'), 'INTERNAL'],
])('%s', async (_, error, code) => {
  await expect(call('ask', () => Promise.reject(error))).rejects.toMatchObject({ code });
});
