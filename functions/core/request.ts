/** Bad input to problems a person can fix. */

import type { z } from 'zod';
import {
  BUDGET_MAX,
  BUDGET_MIN,
  PROFILES,
  type ProvisionRequest,
  provisionRequest,
  WHATSAPP_MODES,
} from '../../contracts/config-document.ts';
import { PlaneError, type Problem } from '../../contracts/errors.ts';

const oneOf = (words: readonly string[]): string =>
  `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

const budgetFix = (max: number): string => `give USD a month as a number, ${BUDGET_MIN} to ${max}`;

type Fixes = Readonly<Record<string, string>>;

const FIXES: Fixes = {
  '': 'send a JSON object',
  user: 'give the email address of a person in your organisation, like allison@nine30.com',
  userPhone: 'give the number in E.164 form, like +15551234567',
  whatsappNumber: 'give the number in E.164 form, like +15559876543',
  numbers: 'give numbers in E.164 form, like +15559876543',
  number: 'give the number in E.164 form, like +15559876543',
  whatsapp: 'give an object like {"mode": "linked"}',
  'whatsapp.mode': `use ${oneOf(WHATSAPP_MODES)}`,
  'whatsapp.askPhone': 'give whole minutes, 2 to 60, or leave it out',
  model: 'name it like anthropic/claude-sonnet-4-6, openai/gpt-5.4 or google/gemini-3.1-pro',
  budget: budgetFix(BUDGET_MAX),
  profile: `use ${oneOf(PROFILES)}`,
  timezone: 'use an IANA name, like Europe/Vienna',
  subject: 'give one line of 1 to 200 characters',
  text: 'give 1 to 32000 characters',
};

const OTHER_FIX = 'the OpenAPI document at /v1/openapi.json says what it takes';
const UNKNOWN_FIX = 'remove it; the OpenAPI document at /v1/openapi.json lists the fields';

/** Field names come from the caller: shown without control characters and not at length. */
const showField = (path: readonly PropertyKey[]): string =>
  path
    .map(String)
    .join('.')
    .replace(/[^\w.$@-]/g, '?')
    .slice(0, 80);

function problemsOf(issue: z.core.$ZodIssue, fixes: Fixes): readonly Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      field: showField([...issue.path, key]),
      problem: 'is not a field of this request',
      fix: UNKNOWN_FIX,
    }));
  }
  const field = showField(issue.path);
  const custom: unknown = issue.code === 'custom' ? issue.params?.fix : undefined;
  // Of `numbers.3` what is said of `numbers`.
  const known = fixes[field] ?? fixes[field.replace(/\.\d+$/, '')];
  const fix = typeof custom === 'string' ? custom : (known ?? OTHER_FIX);
  return [{ field: field || 'body', problem: issue.message, fix }];
}

/** A body of 64 KB has room for some ten thousand unknown fields: neither answer nor log tells all. */
const PROBLEMS_MAX = 20;

/**
 * @throws PlaneError INVALID_ARGUMENT with one problem per thing that is wrong; values are
 *   never repeated
 */
export function parseBody<T extends z.ZodType>(
  schema: T,
  body: unknown,
  fixes: Fixes = FIXES,
): z.output<T> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const details = parsed.error.issues
    .flatMap((issue) => problemsOf(issue, fixes))
    .slice(0, PROBLEMS_MAX);
  throw new PlaneError('INVALID_ARGUMENT', 'The request has fields that cannot be used.', {
    details,
  });
}

export interface Policy {
  readonly domains: readonly string[];
  /** USD a month */
  readonly budgetMax: number;
  readonly model: string;
  /** IANA name. */
  readonly timezone: string;
}

/** What to do, as this organisation allows it. */
export const fixesOf = ({ budgetMax }: Pick<Policy, 'budgetMax'>): Fixes => ({
  ...FIXES,
  budget: budgetFix(budgetMax),
});

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** With what the organisation says for whom nothing is said of. */
const filled = (
  { model, timezone }: Pick<Policy, 'model' | 'timezone'>,
  body: Readonly<Record<string, unknown>>,
): Record<string, unknown> => ({
  ...body,
  ...(body.model === undefined && { model }),
  ...(body.timezone === undefined && { timezone }),
});

/**
 * The body of `POST /v1/agents` under the organisation's rules: its default model
 * and time zone, its domains, its highest budget.
 */
export function parseProvision(policy: Policy, body: unknown): ProvisionRequest {
  const request = parseBody(
    provisionRequest,
    isObject(body) ? filled(policy, body) : body,
    fixesOf(policy),
  );
  const details: Problem[] = [];
  const domain = request.user.slice(request.user.lastIndexOf('@') + 1);
  if (!policy.domains.includes(domain)) {
    const fix = `use an address in ${policy.domains.join(' or ')}`;
    details.push({ field: 'user', problem: 'is not in a domain of this organisation', fix });
  }
  details.push(...budgetProblems(policy, request.budget));
  if (details.length === 0) return request;
  throw ruleBroken(details);
}

/** @throws PlaneError INVALID_ARGUMENT when it is above the organisation's limit */
export function refuseBudget(policy: Policy, budget: number | undefined): void {
  const details = budgetProblems(policy, budget ?? 0);
  if (details.length > 0) throw ruleBroken(details);
}

function budgetProblems({ budgetMax }: Policy, budget: number): readonly Problem[] {
  if (budget <= budgetMax) return [];
  const problem = "is above the organisation's limit";
  return [{ field: 'budget', problem, fix: budgetFix(budgetMax) }];
}

const ruleBroken = (details: readonly Problem[]): PlaneError =>
  new PlaneError('INVALID_ARGUMENT', 'The request breaks a rule of the organisation.', { details });
