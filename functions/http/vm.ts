/** Function `vm`: what an agent's VM may ask for on its own behalf (contracts/vm-api.ts). */

import { vmStatus } from '../../contracts/instance-metadata.ts';
import { type AgentName, agentName } from '../../contracts/names.ts';
import {
  forgetRequest,
  inboxAnswer,
  inboxRequest,
  mailContent,
  mailReference,
  repliesAnswer,
  repliesRequest,
} from '../../contracts/owner-mail.ts';
import {
  BACKUP_BODY_MAX,
  backupRequest,
  backupSecretAnswer,
  channelNotice,
  channelReport,
  channelsSecretAnswer,
  keySecretAnswer,
  mailAnswer,
  mailRequest,
  nothing,
  pairingMailRequest,
  pairingReplyAnswer,
  restoreAnswer,
  usageAnswer,
  usageReport,
  VM_API_PATHS,
  welcomeAnswer,
  wrongPhoneReport,
} from '../../contracts/vm-api.ts';
import type { SelfTools } from '../service/self.ts';
import { openRoutes } from './api.ts';
import type { LogEvent } from './reply.ts';
import type { Call, Route } from './router.ts';

type SelfModule = typeof import('../service/backup.ts') &
  typeof import('../service/self.ts') &
  typeof import('../service/usage.ts') &
  typeof import('../service/witness.ts');

export interface VmParts {
  /** The service and what it works with; made at the first call that needs them. */
  readonly self: (
    name: AgentName,
  ) => Promise<{ readonly service: SelfModule; readonly tools: SelfTools }>;
  /** URL of this API. */
  readonly url: string;
}

type Action = (
  service: SelfModule,
  tools: SelfTools,
  name: AgentName,
  body: unknown,
) => Promise<object>;

function route(
  { self }: VmParts,
  spec: Pick<Route, 'path' | 'id' | 'summary' | 'answers'> &
    Partial<Pick<Route, 'body' | 'bodyLimit' | 'event'>>,
  action: Action,
): Route {
  const handle = async ({ caller, body }: Call) => {
    const name = agentName.parse(caller);
    const { service, tools } = await self(name);
    const seen = service.witnessed(tools, name);
    const answer = await action(service, seen.tools, name, body);
    return { status: 200, body: answer, agent: name, change: seen.change() };
  };
  return { ...spec, method: 'POST', role: 'vm', handle };
}

const backupRoutes = (parts: VmParts): readonly Route[] => [
  route(
    parts,
    {
      path: VM_API_PATHS.backupSecret,
      id: 'ensureBackupSecret',
      summary: "Create the empty secret for the key of the agent's backups, should it be missing.",
      answers: { 200: { description: 'It is there', schema: backupSecretAnswer } },
    },
    (service, tools, name) => service.ensureBackupSecret(tools, name),
  ),
  route(
    parts,
    {
      path: VM_API_PATHS.backup,
      id: 'saveBackup',
      summary: "Keep the agent's encrypted WhatsApp credentials instead of those before.",
      body: backupRequest,
      bodyLimit: BACKUP_BODY_MAX,
      answers: { 200: { description: 'They are kept', schema: nothing } },
    },
    (service, tools, name, body) => service.saveBackup(tools, name, body),
  ),
  route(
    parts,
    {
      path: VM_API_PATHS.restore,
      id: 'loadBackup',
      summary: "Give the agent's newest backup back.",
      answers: { 200: { description: 'The backup, if there is one', schema: restoreAnswer } },
    },
    (service, tools, name) => service.loadBackup(tools, name),
  ),
];

/** Channels besides WhatsApp: contracts/channels.ts. */
const addedChannelRoutes = (parts: VmParts): readonly Route[] => [
  route(
    parts,
    {
      path: VM_API_PATHS.channelsSecret,
      id: 'ensureChannelsSecret',
      summary: 'Create the empty secret for the tokens of added channels, should it be missing.',
      answers: { 200: { description: 'It is there', schema: channelsSecretAnswer } },
    },
    (service, tools, name) => service.ensureChannelsSecret(tools, name),
  ),
  route(
    parts,
    {
      path: VM_API_PATHS.channelNotice,
      id: 'announceChannel',
      summary: 'Tell the owner by mail that a channel is being added, before it is.',
      body: channelNotice,
      answers: { 200: { description: 'The mail is out', schema: nothing } },
    },
    (service, tools, name, body) => service.announceChannel(tools, name, body),
  ),
];

/** The owner's mailbox: contracts/owner-mail.ts. */
function mailboxRoutes(parts: VmParts): readonly Route[] {
  return [
    route(
      parts,
      {
        path: VM_API_PATHS.inbox,
        id: 'listInbox',
        summary: "List the mails in the owner's inbox, newest first.",
        body: inboxRequest,
        answers: { 200: { description: 'What is there', schema: inboxAnswer } },
      },
      (service, tools, name, body) => service.listInbox(tools, name, body),
    ),
    route(
      parts,
      {
        path: VM_API_PATHS.readMail,
        id: 'readMail',
        summary: "Read one of the owner's mails as plain text.",
        body: mailReference,
        answers: { 200: { description: 'The mail', schema: mailContent } },
      },
      (service, tools, name, body) => service.readMail(tools, name, body),
    ),
    route(
      parts,
      {
        path: VM_API_PATHS.deleteMail,
        id: 'deleteMail',
        summary: "Put one of the owner's mails into the bin.",
        body: mailReference,
        answers: { 200: { description: 'It is there', schema: nothing } },
      },
      (service, tools, name, body) => service.deleteMail(tools, name, body),
    ),
    route(
      parts,
      {
        path: VM_API_PATHS.mailReplies,
        id: 'listReplies',
        summary: "List what the owner lately wrote to the plane's address, for a key in it.",
        body: repliesRequest,
        answers: { 200: { description: 'The replies', schema: repliesAnswer } },
      },
      (service, tools, name, body) => service.listReplies(tools, name, body),
    ),
    route(
      parts,
      {
        path: VM_API_PATHS.forgetReply,
        id: 'forgetReply',
        summary: 'Bin a reply of the owner, and the copy of it that arrived.',
        body: forgetRequest,
        answers: { 200: { description: 'Both are in the bin', schema: nothing } },
      },
      (service, tools, name, body) => service.forgetReply(tools, name, body),
    ),
  ];
}

export function vmRoutes(parts: VmParts): readonly Route[] {
  return openRoutes('Agents Plane, for VMs', parts.url, [
    ...backupRoutes(parts),
    route(
      parts,
      {
        path: VM_API_PATHS.welcome,
        id: 'sendWelcome',
        summary: 'Send the owner the welcome mail, unless it was sent before.',
        answers: { 200: { description: 'It is sent', schema: welcomeAnswer } },
      },
      (service, tools, name) => service.welcome(tools, name),
    ),
    route(
      parts,
      {
        path: VM_API_PATHS.keySecret,
        id: 'ensureKeySecret',
        summary: "Create the agent's empty key secret, should it be missing.",
        answers: { 200: { description: 'It is there', schema: keySecretAnswer } },
      },
      (service, tools, name) => service.ensureKeySecret(tools, name),
    ),
    ...addedChannelRoutes(parts),
    route(
      parts,
      {
        path: VM_API_PATHS.mail,
        id: 'sendMail',
        summary: 'Mail the owner of the calling agent.',
        body: mailRequest,
        answers: { 200: { description: 'It is sent', schema: mailAnswer } },
      },
      (service, tools, name, body) => service.sendMail(tools, name, body),
    ),
    ...mailboxRoutes(parts),
    route(
      parts,
      {
        path: VM_API_PATHS.usage,
        id: 'reportUsage',
        summary: 'Count what the agent spent this month, and learn whether it may go on.',
        body: usageReport,
        answers: { 200: { description: 'It is counted', schema: usageAnswer } },
      },
      (service, tools, name, body) => service.reportUsage(tools, name, body),
    ),
    route(
      parts,
      {
        path: VM_API_PATHS.status,
        id: 'reportStatus',
        summary: 'Say how the last boot ended, for lists of the fleet.',
        body: vmStatus,
        answers: { 200: { description: 'It is written down', schema: nothing } },
      },
      (service, tools, name, body) => service.reportStatus(tools, name, body),
    ),
    ...pairingRoutes(parts),
  ]);
}

function channelEvent(body: unknown): LogEvent | undefined {
  const report = channelReport.safeParse(body).data;
  if (report?.state === 'logged-out') return 'pairing-needed';
  return report?.state === 'deaf' && report.lasting ? 'channel-down' : undefined;
}

function pairingRoutes(parts: VmParts): readonly Route[] {
  return [
    route(
      parts,
      {
        path: VM_API_PATHS.channel,
        id: 'reportChannel',
        summary: 'Report what became of the WhatsApp channel.',
        body: channelReport,
        event: channelEvent,
        answers: { 200: { description: 'It is written down', schema: nothing } },
      },
      (service, tools, name, body) => service.reportChannel(tools, name, body),
    ),
    route(
      parts,
      {
        path: VM_API_PATHS.pairingMail,
        id: 'mailCode',
        summary: 'Mail the owner a code to scan.',
        body: pairingMailRequest,
        event: () => 'pairing-needed',
        answers: { 200: { description: 'It is in their mailbox', schema: nothing } },
      },
      (service, tools, name, body) => service.pairingMail(tools, name, body),
    ),
    route(
      parts,
      {
        path: VM_API_PATHS.pairingReply,
        id: 'readReply',
        summary: 'Whether the owner replied "connect" since this was asked last.',
        answers: { 200: { description: 'Whether they did', schema: pairingReplyAnswer } },
      },
      (service, tools, name) => service.pairingReply(tools, name),
    ),
    route(
      parts,
      {
        path: VM_API_PATHS.wrongPhone,
        id: 'reportWrongPhone',
        summary: "Another phone than the agent's was linked, and unlinked: mail about it.",
        body: wrongPhoneReport,
        answers: { 200: { description: 'Somebody knows', schema: nothing } },
      },
      (service, tools, name, body) => service.reportWrongPhone(tools, name, body),
    ),
  ];
}
