/** What becomes of the WhatsApp channel, and the mails that come of it. */

import {
  channelReport,
  nothing,
  pairingMailRequest,
  pairingReplyAnswer,
  VM_API_PATHS,
  wrongPhoneReport,
} from '../../../contracts/vm-api.ts';
import type { LogEvent } from '../reply.ts';
import type { Row } from './row.ts';

function channelEvent(body: unknown): LogEvent | undefined {
  const report = channelReport.safeParse(body).data;
  if (report?.state === 'logged-out') return 'pairing-needed';
  return report?.state === 'deaf' && report.lasting ? 'channel-down' : undefined;
}

export const PAIRING: readonly Row[] = [
  {
    path: VM_API_PATHS.channel,
    id: 'reportChannel',
    summary: 'Report what became of the WhatsApp channel.',
    body: channelReport,
    event: channelEvent,
    answer: { description: 'It is written down', schema: nothing },
    act: 'reportChannel',
  },
  {
    path: VM_API_PATHS.pairingMail,
    id: 'mailCode',
    summary: 'Mail the owner a code to scan.',
    body: pairingMailRequest,
    event: () => 'pairing-needed',
    answer: { description: 'It is in their mailbox', schema: nothing },
    act: 'pairingMail',
  },
  {
    path: VM_API_PATHS.pairingReply,
    id: 'readReply',
    summary: 'Whether the owner replied "connect" since this was asked last.',
    answer: { description: 'Whether they did', schema: pairingReplyAnswer },
    act: 'pairingReply',
  },
  {
    path: VM_API_PATHS.wrongPhone,
    id: 'reportWrongPhone',
    summary: "Another phone than the agent's was linked, and unlinked: mail about it.",
    body: wrongPhoneReport,
    answer: { description: 'Somebody knows', schema: nothing },
    act: 'reportWrongPhone',
  },
];
