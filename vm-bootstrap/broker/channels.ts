/**
 * `agent channel add|list|remove`: tokens are checked with the channel, stored as the only
 * version of the channels secret, and taken by the running gateway. What OpenClaw refuses is
 * taken back. No token appears in a message.
 */

import {
  type AddedChannel,
  CHANNEL_TITLES,
  type ChannelsDocument,
} from '../../contracts/channels.ts';
import { PlaneError } from '../../contracts/plane-error.ts';
import { type ChannelNotice, VM_API_PATHS } from '../../contracts/vm-api.ts';
import { type ChannelInput, readChannelInput } from '../core/channel-input.ts';
import {
  addedChannels,
  channelOrigins,
  needsPlugin,
  ownerOn,
  tokenChecks,
  tokenVerdict,
} from '../core/channels.ts';
import type { Facts } from '../core/facts.ts';
import type { Layout } from '../core/layout.ts';
import { CHANGE_LOCK_MS } from '../core/patience.ts';
import { pluginPackage } from '../core/plugin-projects.ts';
import { callPlane } from '../google/plane.ts';
import { secretsAccess } from '../google/secrets.ts';
import type { Host } from '../host.ts';
import { readChannels, readInputs } from '../inputs.ts';
import { withLock } from '../lock.ts';
import { requestReload } from './reload-channels.ts';
import { storeDocument } from './secret-document.ts';

/** @throws PlaneError INVALID_ARGUMENT for a token that the channel refuses, UNAVAILABLE when it cannot say */
async function check(
  host: Host,
  facts: Facts,
  channel: AddedChannel,
  document: ChannelsDocument,
): Promise<void> {
  const title = CHANNEL_TITLES[channel];
  const origins = channelOrigins(facts.endpoints);
  for (const request of tokenChecks(document, channel, origins)) {
    const answer = await host.request(request).catch(() => undefined);
    const verdict = answer ? tokenVerdict(answer.status, answer.text) : 'unknown';
    if (verdict === 'good') continue;
    throw verdict === 'refused'
      ? new PlaneError(
          'INVALID_ARGUMENT',
          `${title} does not accept that. Check that it was copied whole and is still active. ` +
            'Nothing was changed.',
        )
      : new PlaneError(
          'UNAVAILABLE',
          `${title} could not be asked just now. Nothing was changed; try again in a few minutes.`,
        );
  }
}

/** @throws PlaneError FAILED_PRECONDITION when the image was made without the channel's plugin */
function assertPlugin(host: Host, layout: Layout, channel: AddedChannel): void {
  if (!needsPlugin(channel)) return;
  const manifest = `${layout.openclawPackages}/${pluginPackage(channel)}/package.json`;
  if (host.read(manifest) !== undefined) return;
  throw new PlaneError(
    'FAILED_PRECONDITION',
    `This machine's image has no plugin ${pluginPackage(channel)}: your administrator has to make ` +
      'a newer image and rebuild me. Nothing was changed.',
  );
}

/** OpenClaw does not hear what its own account writes. @throws PlaneError INVALID_ARGUMENT */
async function notTheOwners(host: Host, { signal }: ChannelsDocument): Promise<void> {
  if (signal === undefined || signal.account !== (await readInputs(host)).config.userPhone) return;
  throw new PlaneError(
    'INVALID_ARGUMENT',
    "That is your owner's own number: I would not hear them. Signal needs a number of mine. Nothing was changed.",
  );
}

const place = (facts: Facts) => ({
  secret: facts.channelsSecret,
  planeUrl: facts.planeUrl,
  ensurePath: VM_API_PATHS.channelsSecret,
});

const NOT_TAKEN_BACK =
  'What was stored could not be taken back either: the change may come into force when my machine boots next. ' +
  '"agent channel list" says what is stored; give the opposite command to undo it.';

/**
 * Stores the document and has the gateway take it; puts the one before back when it does not.
 * @returns when the gateway has it, as a sentence ends
 */
async function apply(
  host: Host,
  layout: Layout,
  facts: Facts,
  { before, after }: { readonly before: ChannelsDocument; readonly after: ChannelsDocument },
): Promise<string> {
  await storeDocument(await secretsAccess(host, facts), place(facts), JSON.stringify(after));
  const result = await requestReload(host, layout);
  if (result.ok) return result.starting ? 'in a minute or two, when I have started again' : 'now';
  // A token anew: the one before may have ended meanwhile.
  const putBack = async (): Promise<void> =>
    storeDocument(await secretsAccess(host, facts), place(facts), JSON.stringify(before));
  await putBack()
    .catch(putBack)
    .catch(() => {
      throw new PlaneError('FAILED_PRECONDITION', `${result.message} ${NOT_TAKEN_BACK}`);
    });
  const back = await requestReload(host, layout).catch(() => ({ ok: false }));
  throw new PlaneError(
    'FAILED_PRECONDITION',
    back.ok
      ? `${result.message} Nothing was changed.`
      : `${result.message} What was stored is as before; my gateway takes that when my machine boots next.`,
  );
}

/** What is left of the unit's time belongs to the change itself, which may have to be taken back. */
const PATIENCE = {
  waitMs: CHANGE_LOCK_MS,
  refusal:
    'Another change of my channels is under way. Nothing was changed; try again in a few minutes.',
};

/** One change at a time: of two that read the same document, one would be lost. */
const change = (
  host: Host,
  layout: Layout,
  facts: Facts,
  edit: (before: ChannelsDocument) => Promise<ChannelsDocument>,
): Promise<string> =>
  withLock(
    host,
    `${layout.channelsRequest}.lock`,
    async () => {
      const before = await readChannels(await secretsAccess(host, facts), facts.channelsSecret);
      return apply(host, layout, facts, { before, after: await edit(before) });
    },
    PATIENCE,
  );

/**
 * The owner hears of it by mail: whoever is named there may talk to the agent as they do. No mail, no channel.
 * @throws PlaneError
 */
async function tellOwner(host: Host, facts: Facts, channel: AddedChannel, owner: string) {
  const notice: ChannelNotice = { channel, ...(owner !== '' && { owner }) };
  try {
    await callPlane(host, facts.planeUrl, VM_API_PATHS.channelNotice, notice);
  } catch (error) {
    const { code, message } =
      error instanceof PlaneError
        ? error
        : { code: 'UNAVAILABLE' as const, message: 'The plane did not answer.' };
    throw new PlaneError(
      code,
      `Your owner could not be told of it by mail: ${message} Nothing was changed; try again later.`,
    );
  }
}

/** @returns a sentence for the owner. @throws PlaneError with one. */
export async function addChannel(
  host: Host,
  layout: Layout,
  facts: Facts,
  input: ChannelInput,
): Promise<string> {
  const { channel } = input;
  const entry = readChannelInput(input);
  assertPlugin(host, layout, channel);
  await Promise.all([check(host, facts, channel, entry), notTheOwners(host, entry)]);
  const when = await change(host, layout, facts, async (before) => {
    await tellOwner(host, facts, channel, ownerOn(entry, channel, ''));
    return { ...before, ...entry };
  });
  return `${CHANNEL_TITLES[channel]} is added. Your owner can write to me there ${when}, and nobody else can.`;
}

/** @returns a sentence for the owner. @throws PlaneError NOT_FOUND when it was never added. */
export async function removeChannel(
  host: Host,
  layout: Layout,
  facts: Facts,
  channel: AddedChannel,
): Promise<string> {
  const title = CHANNEL_TITLES[channel];
  await change(host, layout, facts, async (before) => {
    if (before[channel] === undefined) {
      throw new PlaneError('NOT_FOUND', `${title} is not among the added channels.`);
    }
    const { [channel]: _, ...after } = before;
    return after;
  });
  return `${title} is removed and its token destroyed. Revoke the token at ${title} as well.`;
}

/** @returns one line a channel; tokens and phone numbers are not in it. */
export async function listChannels(host: Host, facts: Facts): Promise<string> {
  const document = await readChannels(await secretsAccess(host, facts), facts.channelsSecret);
  const lines = addedChannels(document).map(
    (channel) => `${channel}: for ${ownerOn(document, channel, "the owner's phone number")}`,
  );
  return ['whatsapp: set up by the plane', ...lines].join('\n');
}
