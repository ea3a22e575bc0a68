/** One request of the gateway's user: who asks, what, and the answer. */

import { PlaneError } from '../../contracts/plane-error.ts';
import { mailAnswer, VM_API_PATHS } from '../../contracts/vm-api.ts';
import { type BrokerAnswer, type BrokerRequest, brokerRequest } from '../core/broker-protocol.ts';
import type { Facts } from '../core/facts.ts';
import type { Layout } from '../core/layout.ts';
import { callPlane } from '../google/plane.ts';
import type { Host } from '../host.ts';
import { addChannel, listChannels, removeChannel } from './channels.ts';
import { dropStale, dropTokens, holdTokens, sentTokens } from './held-tokens.ts';
import { deleteMail, listInbox, readMail } from './owner-mail.ts';
import { KeyError, storeKey } from './store-key.ts';

type Done = Omit<Extract<BrokerAnswer, { ok: true }>, 'ok'>;

async function perform(
  host: Host,
  layout: Layout,
  facts: Facts,
  request: BrokerRequest,
): Promise<Done> {
  switch (request.command) {
    case 'store-key':
      return storeKey(host, layout, facts, request.key, request.wait);
    case 'channel-add': {
      const { channel, sent } = request;
      const tokens = sent ? sentTokens(host, layout, channel) : request.tokens;
      const message = await addChannel(host, layout, facts, { ...request, tokens });
      if (sent) dropTokens(host, layout, channel);
      return { message };
    }
    case 'hold-tokens':
      holdTokens(host, layout, request.tokens);
      return { message: 'The token is put away.' };
    case 'channel-remove':
      return { message: await removeChannel(host, layout, facts, request.channel) };
    case 'channel-list':
      return { message: await listChannels(host, facts) };
    case 'mail-inbox':
      return { message: await listInbox(host, facts, request.inbox) };
    case 'mail-read':
      return { message: await readMail(host, facts, request.mail.id) };
    case 'mail-delete':
      return { message: await deleteMail(host, facts, request.mail.id) };
    case 'mail': {
      const answer = await callPlane(host, facts.planeUrl, VM_API_PATHS.mail, request.mail);
      mailAnswer.parse(answer);
      return { message: 'The mail is sent to your owner.' };
    }
  }
}

function parseRequest(line: string): BrokerRequest {
  try {
    return brokerRequest.parse(JSON.parse(line));
  } catch {
    // Not the cause: it could quote the request, and a key with it.
    throw new PlaneError('INVALID_ARGUMENT', 'The request is not one that the broker knows.');
  }
}

/** Never throws; the journal gets the code and never the content. */
export async function serve(
  host: Host,
  layout: Layout,
  facts: Facts,
  line: string,
): Promise<BrokerAnswer> {
  try {
    const request = parseRequest(line);
    dropStale(host, layout);
    const done = await perform(host, layout, facts, request);
    host.log(`agent broker: ${request.command} done`);
    return { ok: true, ...done };
  } catch (error) {
    const known = error instanceof PlaneError;
    const code = known ? error.code : 'INTERNAL';
    host.log(`agent broker: refused with ${code}`);
    const message = known ? error.message : 'Something went wrong on our side. Try again later.';
    return {
      ok: false,
      code,
      message,
      ...(error instanceof KeyError && { outcome: error.outcome }),
    };
  }
}
