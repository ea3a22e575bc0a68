/** What an agent has of its own, and says of itself. */

import { vmStatus } from '../../../contracts/instance-metadata.ts';
import {
  channelNotice,
  channelsSecretAnswer,
  keySecretAnswer,
  mailAnswer,
  mailRequest,
  nothing,
  usageAnswer,
  usageReport,
  VM_API_PATHS,
  welcomeAnswer,
} from '../../../contracts/vm-api.ts';
import type { Row } from './row.ts';

export const OWN: readonly Row[] = [
  {
    path: VM_API_PATHS.welcome,
    id: 'sendWelcome',
    summary: 'Send the owner the welcome mail, unless it was sent before.',
    answer: { description: 'It is sent', schema: welcomeAnswer },
    act: 'welcome',
  },
  {
    path: VM_API_PATHS.keySecret,
    id: 'ensureKeySecret',
    summary: "Create the agent's empty key secret, should it be missing.",
    answer: { description: 'It is there', schema: keySecretAnswer },
    act: 'ensureKeySecret',
  },
  {
    path: VM_API_PATHS.channelsSecret,
    id: 'ensureChannelsSecret',
    summary: 'Create the empty secret for the tokens of added channels, should it be missing.',
    answer: { description: 'It is there', schema: channelsSecretAnswer },
    act: 'ensureChannelsSecret',
  },
  {
    path: VM_API_PATHS.channelNotice,
    id: 'announceChannel',
    summary: 'Tell the owner by mail that a channel is being added, before it is.',
    body: channelNotice,
    answer: { description: 'The mail is out', schema: nothing },
    act: 'announceChannel',
  },
  {
    path: VM_API_PATHS.mail,
    id: 'sendMail',
    summary: 'Mail the owner of the calling agent.',
    body: mailRequest,
    answer: { description: 'It is sent', schema: mailAnswer },
    act: 'sendMail',
  },
];

export const REPORTS: readonly Row[] = [
  {
    path: VM_API_PATHS.usage,
    id: 'reportUsage',
    summary: 'Count what the agent spent this month, and learn whether it may go on.',
    body: usageReport,
    answer: { description: 'It is counted', schema: usageAnswer },
    act: 'reportUsage',
  },
  {
    path: VM_API_PATHS.status,
    id: 'reportStatus',
    summary: 'Say how the last boot ended, for lists of the fleet.',
    body: vmStatus,
    answer: { description: 'It is written down', schema: nothing },
    act: 'reportStatus',
  },
];
