/** `POST /v1/self/usage`: counts an agent's money, mails about it, and opens or closes the shared key. */

import type { ConfigDocument } from '../../contracts/config-document.ts';
import { PlaneError } from '../../contracts/errors.ts';
import { monthOf } from '../../contracts/month.ts';
import { type AgentName, SHARED_KEY_SECRET, serviceAccountEmail } from '../../contracts/names.ts';
import { type UsageAnswer, type UsageReport, usageReport } from '../../contracts/vm-api.ts';
import {
  account,
  formatUsage,
  type Letter,
  lettersDue,
  parseUsage,
  type UsageRecord,
} from '../core/budget.ts';
import { renderBudgetMail } from '../core/budget-mail.ts';
import { ANNOTATION_USAGE } from '../core/observed.ts';
import { missingRoles, ROLE_ACCESSOR, withMember, withoutMember } from '../core/policy.ts';
import { parseBody } from '../core/request.ts';
import { formatWelcome, nextMove, parseWelcome, type WelcomeState } from '../core/welcome.ts';
import { annotate } from './annotations.ts';
import { type SelfTools, self } from './caller.ts';
import { onConflict } from './retry.ts';
import { isRefusal } from './send-once.ts';

const recordIn = (annotations: Readonly<Record<string, string>>): UsageRecord | undefined =>
  parseUsage(annotations[ANNOTATION_USAGE]);

/** Writes the report into the record. Two reports at once: the second counts on top of the first. */
async function count(
  tools: SelfTools,
  name: AgentName,
  document: ConfigDocument,
  report: UsageReport,
): Promise<UsageRecord> {
  const month = monthOf(tools.clock.now(), document.timezone);
  const next = (annotations: Readonly<Record<string, string>>): UsageRecord =>
    account(recordIn(annotations), report, { limit: document.budget, month });
  const written = await annotate(tools, name, (annotations) => {
    const text = formatUsage(next(annotations));
    return annotations[ANNOTATION_USAGE] === text ? undefined : { [ANNOTATION_USAGE]: text };
  });
  return next(written);
}

/** Gives the agent the shared key, or takes it away. Looks first: mostly nothing is to do. */
async function settleSharedKey(tools: SelfTools, name: AgentName, open: boolean): Promise<void> {
  const member = `serviceAccount:${serviceAccountEmail(name, tools.project)}`;
  const roles = [ROLE_ACCESSOR];
  await onConflict(tools.clock, async () => {
    const policy = await tools.secrets.policy(SHARED_KEY_SECRET);
    // An organisation without a shared key has nothing to withdraw.
    if (!policy) return;
    const isOpen = missingRoles(policy, roles, member).length === 0;
    if (isOpen === open) return;
    // The report was believed a moment ago; who was let go of meanwhile gets nothing.
    if (open) await self(tools, name);
    const changed = open ? withMember(policy, roles, member) : withoutMember(policy, roles, member);
    await tools.secrets.setPolicy(SHARED_KEY_SECRET, changed);
  });
}

/** Moves a mail from one state to the next, unless somebody else did. @returns whether it was us */
async function moveMail(
  tools: SelfTools,
  name: AgentName,
  key: string,
  from: string | undefined,
  to: WelcomeState,
): Promise<boolean> {
  const text = formatWelcome(to);
  const written = await annotate(tools, name, (annotations) => {
    const record = recordIn(annotations);
    if (!record || record.mails[key] !== from) return undefined;
    const mails = { ...record.mails, [key]: text };
    return { [ANNOTATION_USAGE]: formatUsage({ ...record, mails }) };
  });
  return recordIn(written)?.mails[key] === text;
}

/** Exactly once, as the welcome mail (docs/decisions/012): claim, send, note. */
async function post(
  tools: SelfTools,
  name: AgentName,
  letter: Letter,
  facts: {
    readonly document: ConfigDocument;
    readonly record: UsageRecord;
    readonly key: UsageReport['key'];
  },
): Promise<void> {
  const before = facts.record.mails[letter.key];
  const state = parseWelcome(before);
  const at = tools.clock.now();
  const move = nextMove(state, at);
  if (move === 'done' || move === 'wait') return;
  const id = state?.id ?? tools.newId();
  if (move === 'look' && (await tools.mailer.wasSent(id, letter.to))) {
    await moveMail(tools, name, letter.key, before, { phase: 'sent', id, at });
    return;
  }
  const claim: WelcomeState = { phase: 'sending', id, at };
  if (!(await moveMail(tools, name, letter.key, before, claim))) return;
  const mail = renderBudgetMail(tools.budgetTemplate, letter, { name, ...facts });
  try {
    await tools.mailer.send({ to: letter.to, id, ...mail });
  } catch (error) {
    const refused = { phase: 'refused', id, at } as const;
    if (isRefusal(error)) await moveMail(tools, name, letter.key, formatWelcome(claim), refused);
    throw error;
  }
  await moveMail(tools, name, letter.key, formatWelcome(claim), { phase: 'sent', id, at });
}

/** No letter keeps the answer back, or another letter: the next report tries it again. */
async function tryToPost(...letter: Parameters<typeof post>): Promise<void> {
  try {
    await post(...letter);
  } catch (error) {
    if (!(error instanceof PlaneError)) throw error;
  }
}

/**
 * Safe to repeat, and meant to be: a repetition does what an earlier one could not finish.
 * @throws PlaneError INVALID_ARGUMENT for what is no report, or what Google said
 */
export async function reportUsage(
  tools: SelfTools,
  name: AgentName,
  body: unknown,
): Promise<UsageAnswer> {
  const report = parseBody(usageReport, body);
  const { document } = await self(tools, name);
  const record = await count(tools, name, document, report);
  await settleSharedKey(tools, name, !record.withdrawn);
  const people = { owner: document.user, admins: tools.admins };
  for (const letter of lettersDue(record, document.budget, people)) {
    await tryToPost(tools, name, letter, { document, record, key: report.key });
  }
  return {
    month: record.month,
    usd: record.usd,
    limit: document.budget,
    withdrawn: record.withdrawn,
  };
}
