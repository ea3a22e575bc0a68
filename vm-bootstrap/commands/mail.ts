/** `agent mail send|inbox|read|delete`: asks the broker and prints its answer. */

import { inboxRequest, mailReference } from '../../contracts/owner-mail.ts';
import type { BrokerRequest } from '../core/broker-protocol.ts';
import type { Layout } from '../core/layout.ts';
import { askAndReport, mailCommand } from './client.ts';

export interface MailArguments {
  readonly verb: string | undefined;
  /** Of `read` and `delete`. */
  readonly id: string | undefined;
  readonly subject: string | undefined;
  readonly query: string | undefined;
  readonly limit: string | undefined;
}

/** @returns the request; undefined for wrong usage (`send` is not one: its text is read first) */
export function mailRequestOf({
  verb,
  id,
  query,
  limit,
}: MailArguments): BrokerRequest | undefined {
  if (verb === 'inbox') {
    const asked = { query, ...(limit !== undefined && { limit: Number(limit) }) };
    const inbox = inboxRequest.safeParse(asked);
    return inbox.success ? { command: 'mail-inbox', inbox: inbox.data } : undefined;
  }
  const mail = mailReference.safeParse({ id });
  if (!mail.success || (verb !== 'read' && verb !== 'delete')) return undefined;
  return { command: `mail-${verb}`, mail: mail.data };
}

/** @returns the exit code; undefined for wrong usage */
export async function mailCommands(
  layout: Layout,
  args: MailArguments,
): Promise<number | undefined> {
  if (args.verb === 'send') {
    return args.subject ? mailCommand(layout, args.subject) : undefined;
  }
  const request = mailRequestOf(args);
  return request && askAndReport(layout, request);
}
