/**
 * An agent's name from its owner's email.
 *
 * The local part serves as it is when nothing of it gets lost (`allison`). Everything
 * else (dots, capitals beyond DNS, length, a name already taken by somebody else) gets a
 * short hash of the whole address added, so that two people never share a name.
 */

import { createHash } from 'node:crypto';
import { PlaneError } from '../../contracts/errors.ts';
import { AGENT_NAME_MAX, type AgentName, agentName } from '../../contracts/names.ts';

/** 6 hex digits: with 1000 people of the same local part a clash has odds of 3 %, and is refused. */
const HASH_LENGTH = 6;

/**
 * Mailboxes that belong to a role, not to a person (RFC 2142 and common practice), and
 * names that would read as part of the plane itself.
 */
export const RESERVED_LOCAL_PARTS: ReadonlySet<string> = new Set([
  ...['abuse', 'noc', 'security', 'postmaster', 'hostmaster', 'usenet', 'news', 'webmaster'],
  ...['www', 'uucp', 'ftp', 'info', 'marketing', 'sales', 'support', 'mailer-daemon'],
  ...['root', 'admin', 'administrator', 'noreply', 'no-reply', 'donotreply', 'do-not-reply'],
  ...['bounce', 'bounces', 'listserv', 'majordomo', 'all', 'everyone', 'staff', 'team'],
  ...['billing', 'help', 'helpdesk', 'jobs', 'legal', 'privacy', 'compliance', 'it'],
  ...['agent', 'agents', 'agents-plane', 'system', 'default', 'shared', 'plane'],
]);

const hashOf = (email: string): string =>
  createHash('sha256').update(email).digest('hex').slice(0, HASH_LENGTH);

const localPartOf = (email: string): string => email.slice(0, email.lastIndexOf('@'));

const sanitize = (local: string): string =>
  local
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, AGENT_NAME_MAX - HASH_LENGTH - 1)
    .replace(/^-+|-+$/g, '');

/**
 * Names an agent of this person may have, the preferred one first.
 * @param email lower-cased address, already validated
 * @returns one or two names, the last of which carries the hash
 * @throws PlaneError INVALID_ARGUMENT when the mailbox belongs to a role
 */
export function candidateNames(email: string): readonly AgentName[] {
  const local = localPartOf(email);
  if (RESERVED_LOCAL_PARTS.has(local.split('+')[0] ?? '')) {
    const fix = 'give the address of a person';
    throw new PlaneError('INVALID_ARGUMENT', 'This mailbox belongs to a role, not to a person.', {
      details: [{ field: 'user', problem: `${local} is a role's mailbox`, fix }],
    });
  }
  const hashed = [sanitize(local), hashOf(email)].filter((part) => part !== '').join('-');
  const plain = agentName.safeParse(local);
  // The boot disk of an agent `x-data` would be `agent-x-data`, which is the data disk of `x`;
  // a local part that ends like a hash could be another person's hashed name.
  const ambiguous = /-(config|api-key|data|[0-9a-f]{6})$/.test(local);
  return [...(plain.success && !ambiguous ? [plain.data] : []), agentName.parse(hashed)];
}
