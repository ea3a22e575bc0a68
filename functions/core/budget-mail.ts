/** What the owner and the admins read about an agent's budget. */

import Mustache from 'mustache';
import type { ConfigDocument } from '../../contracts/config-document.ts';
import type { AgentName } from '../../contracts/names.ts';
import type { UsageReport } from '../../contracts/vm-api.ts';
import type { Letter, UsageRecord } from './budget.ts';

export interface BudgetMailFacts {
  readonly name: AgentName;
  readonly document: ConfigDocument;
  readonly record: UsageRecord;
  readonly key: UsageReport['key'];
}

const dollars = (usd: number): string => usd.toFixed(2);

/** `2026-11` -> `November 2026`. */
const monthName = (month: string): string =>
  new Intl.DateTimeFormat('en-US', { month: 'long', year: 'numeric', timeZone: 'UTC' }).format(
    Date.parse(`${month}-01T00:00:00Z`),
  );

/** @param template contents of templates/plane/mail/budget.txt */
export function renderBudgetMail(
  template: string,
  letter: Letter,
  { name, document, record, key }: BudgetMailFacts,
): { readonly subject: string; readonly text: string } {
  const month = monthName(record.month);
  const forOwner = letter.to === document.user;
  const whose = forOwner ? 'Your AI assistant' : `Agent ${name}`;
  const view = {
    name,
    user: document.user,
    whose,
    month,
    percent: letter.threshold,
    spent: dollars(record.usd),
    limit: dollars(document.budget),
    owner: forOwner,
    usedUp: letter.threshold === 100,
    ownKey: key === 'own',
    sharedKey: key !== 'own',
    timezone: document.timezone,
  };
  const subject =
    letter.threshold === 100
      ? `${whose} has used up its budget for ${month}`
      : `${whose} has used ${letter.threshold} % of its budget for ${month}`;
  return { subject, text: Mustache.render(template, view, {}, { escape: String }) };
}
