/** What somebody gave to `agent channel add`, as an entry of the channels document. Pure. */

import {
  type AddedChannel,
  CHANNEL_TITLES,
  type ChannelsDocument,
  channelsDocument,
} from '../../contracts/channels.ts';
import { PlaneError } from '../../contracts/plane-error.ts';

export interface ChannelInput {
  readonly channel: AddedChannel;
  readonly tokens: readonly string[];
  readonly owner?: string | undefined;
  readonly account?: string | undefined;
  readonly daemon?: string | undefined;
}

/** What each channel wants, for the person who typed something else. */
const USAGE: Readonly<Record<AddedChannel, string>> = {
  telegram:
    'agent channel add telegram --owner USER_ID, and the bot token of BotFather on standard ' +
    'input, or --sent when it was sent in a chat. The user id is a number: the bot @userinfobot ' +
    'tells a person theirs.',
  slack:
    'agent channel add slack --owner MEMBER_ID, and on standard input two lines: the bot token ' +
    '(xoxb-...) and the app-level token (xapp-...), or --sent when both were sent in a chat. The ' +
    'member id (U...) is in the profile menu.',
  discord:
    'agent channel add discord --owner USER_ID, and the bot token on standard input, or --sent when ' +
    'it was sent in a chat. The user id is a number: with developer mode on, "Copy User ID".',
  signal:
    'agent channel add signal --account PHONE --daemon URL. This machine has no signal-cli: the ' +
    'URL (https, port 443: nothing else leaves here) is that of a signal-cli daemon which holds ' +
    "that account. There is no token, and your owner's own phone number is the one that may write.",
};

const clean = (lines: readonly string[]): string[] =>
  lines.map((line) => line.trim().replace(/^(["'`])(.*)\1$/s, '$2')).filter((line) => line !== '');

/** Whichever of its tokens a channel was given. */
function entryOf({ channel, tokens, owner, account, daemon }: ChannelInput): object {
  const of = (prefix: string) => clean(tokens).find((line) => line.startsWith(prefix));
  switch (channel) {
    case 'telegram':
      return { owner, botToken: of('') };
    case 'slack':
      return { owner, botToken: of('xoxb-'), appToken: of('xapp-') };
    case 'discord':
      return { owner, token: of('') };
    case 'signal':
      return { account, daemon };
  }
}

/**
 * Whether this machine reaches a daemon there: the firewall lets HTTPS out and nothing else
 * (infra/firewall.tf). OpenClaw takes no URL with a password in it.
 */
function isReachable(daemon: string): boolean {
  const { protocol, hostname, port, username, password } = new URL(daemon);
  const here = hostname === '127.0.0.1' || hostname === 'localhost';
  return (here || (protocol === 'https:' && port === '')) && username === '' && password === '';
}

/** Tokens that a channel has, a line each. */
const LINES: Readonly<Record<AddedChannel, number>> = {
  telegram: 1,
  slack: 2,
  discord: 1,
  signal: 0,
};

function surplus({ channel, tokens }: ChannelInput): string[] {
  const [takes, came] = [LINES[channel], clean(tokens).length];
  return came > takes ? [`it takes ${takes} line${takes === 1 ? '' : 's'}, and ${came} came`] : [];
}

function unreachable({ signal }: ChannelsDocument): string[] {
  return signal && !isReachable(signal.daemon)
    ? ['daemon cannot be reached from here (https on port 443, without a password in the URL)']
    : [];
}

/**
 * @returns a channels document with this one channel
 * @throws PlaneError INVALID_ARGUMENT that says what is missing and how the command goes;
 *   never with a token in it
 */
export function readChannelInput(input: ChannelInput): ChannelsDocument {
  const parsed = channelsDocument.safeParse({ [input.channel]: entryOf(input) });
  const faults = parsed.success
    ? unreachable(parsed.data)
    : parsed.error.issues.map(({ path, message, code }) => {
        const field = String(path.at(-1));
        return code === 'invalid_type' ? `${field} is missing` : `${field} ${message}`;
      });
  const wrong = [...faults, ...surplus(input)];
  if (parsed.success && wrong.length === 0) return parsed.data;
  throw new PlaneError(
    'INVALID_ARGUMENT',
    `${CHANNEL_TITLES[input.channel]} was not added: ${wrong.join(', ')}. Usage: ${USAGE[input.channel]}`,
  );
}
