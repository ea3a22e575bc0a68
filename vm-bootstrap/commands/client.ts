/** The commands of the gateway's user (`store-key`, `mail send`, `channel`): they ask the broker and print its answer. */

import { connect } from 'node:net';
import type { AddedChannel } from '../../contracts/channels.ts';
import { PlaneError } from '../../contracts/plane-error.ts';
import {
  ANSWER_MAX,
  type BrokerAnswer,
  type BrokerRequest,
  brokerAnswer,
} from '../core/broker-protocol.ts';
import type { Layout } from '../core/layout.ts';
import { readMailInput } from '../core/mail-input.ts';
import { ANSWER_MS } from '../core/patience.ts';
import { readAll, readLine } from '../io.ts';

const KEY_INPUT_MAX = 4096;
/** More than a mail may have, so that whoever writes too much is told how much it may be. */
const MAIL_INPUT_MAX = 1_000_000;

async function ask(layout: Layout, request: BrokerRequest): Promise<BrokerAnswer> {
  const socket = connect(layout.brokerSocket);
  try {
    socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error('timeout')));
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject);
    });
    socket.write(`${JSON.stringify(request)}\n`);
    return brokerAnswer.parse(JSON.parse(await readLine(socket, ANSWER_MAX)));
  } catch (cause) {
    throw new PlaneError('UNAVAILABLE', 'The agents-plane broker does not answer. Try again.', {
      cause,
    });
  } finally {
    socket.destroy();
  }
}

/** Prints the broker's sentence: on stdout when it worked, else on stderr. */
function report(answer: BrokerAnswer): number {
  (answer.ok ? process.stdout : process.stderr).write(`${answer.message}\n`);
  return answer.ok ? 0 : 1;
}

export async function askAndReport(layout: Layout, request: BrokerRequest): Promise<number> {
  return report(await ask(layout, request));
}

/** `agent store-key`: the key comes on standard input and nowhere else. */
export async function storeKeyCommand(layout: Layout): Promise<number> {
  const key = await readAll(process.stdin, KEY_INPUT_MAX);
  if (key.trim() === '') {
    process.stderr.write('No key arrived on standard input.\n');
    return 2;
  }
  return report(await ask(layout, { command: 'store-key', key, wait: true }));
}

/** `agent mail send --subject TEXT`: the text comes on standard input; the owner gets it. */
export async function mailCommand(layout: Layout, subject: string): Promise<number> {
  const mail = readMailInput(subject, await readAll(process.stdin, MAIL_INPUT_MAX));
  return report(await ask(layout, { command: 'mail', mail }));
}

const TOKENS_INPUT_MAX = 2048;

export interface ChannelOptions {
  readonly owner?: string | undefined;
  readonly account?: string | undefined;
  readonly daemon?: string | undefined;
  /** The tokens are those that the owner sent in a chat: none comes on standard input. */
  readonly sent: boolean;
}

/** `agent channel add NAME ...`: tokens come on standard input, one a line, and nowhere else. */
export async function channelAddCommand(
  layout: Layout,
  channel: AddedChannel,
  { owner, account, daemon, sent }: ChannelOptions,
): Promise<number> {
  const hasInput = channel !== 'signal' && !sent;
  const text = hasInput ? await readAll(process.stdin, TOKENS_INPUT_MAX) : '';
  const tokens = text.split('\n').filter((line) => line.trim() !== '');
  const given = {
    ...(owner !== undefined && { owner }),
    ...(account !== undefined && { account }),
    ...(daemon !== undefined && { daemon }),
  };
  return report(await ask(layout, { command: 'channel-add', channel, tokens, sent, ...given }));
}

/** `agent channel list`. */
export async function channelListCommand(layout: Layout): Promise<number> {
  return report(await ask(layout, { command: 'channel-list' }));
}

/** `agent channel remove NAME`. */
export async function channelRemoveCommand(layout: Layout, channel: AddedChannel): Promise<number> {
  return report(await ask(layout, { command: 'channel-remove', channel }));
}
