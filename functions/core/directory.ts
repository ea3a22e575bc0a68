/** What the Workspace Directory says of a person, and which phone is theirs. Pure. */

import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { phoneNumber } from '../../contracts/config-document.ts';
import { PlaneError } from '../../contracts/errors.ts';

/**
 * An entry of `phones`.
 * https://developers.google.com/workspace/admin/directory/reference/rest/v1/users#User
 */
export interface DirectoryPhone {
  readonly value: string;
  readonly type: string;
  readonly primary: boolean;
}

/** The fields of custom schema `AgentConfig`: contracts/agent-config.ts. */
export interface Toggle {
  readonly agentEnabled?: boolean | undefined;
  readonly agentModel?: string | undefined;
  /** USD a month */
  readonly agentBudget?: number | undefined;
  readonly agentPhone?: string | undefined;
}

export interface DirectoryPerson {
  /** Google's, theirs for good: it outlives a change of address, and nobody else ever gets it. */
  readonly id?: string;
  /** Lower case. */
  readonly email: string;
  /** Their primary address, where `email` is another one of theirs. */
  readonly primary?: string;
  /** Suspended or archived: somebody who may not sign in. */
  readonly suspended: boolean;
  readonly phones: readonly DirectoryPhone[];
  readonly toggle: Toggle;
}

export type PhoneFinding =
  | { readonly kind: 'found'; readonly phone: string }
  | { readonly kind: 'none' | 'several' | 'no-number' };

/** Types that no person answers. */
const MACHINES = /fax|pager|telex|tty|isdn|radio|callback/i;
const isMobile = ({ type }: DirectoryPhone): boolean => /mobile/i.test(type);

/** The most telling group of a person's phones: what comes first here is preferred. */
const PREFERENCES: readonly ((phone: DirectoryPhone) => boolean)[] = [
  (phone) => isMobile(phone) && phone.primary,
  isMobile,
  ({ primary }) => primary,
  ({ type }) => !MACHINES.test(type),
];

/**
 * As people write it, in E.164.
 * @param region ISO 3166 country of numbers without a country code; '' when there is none
 * @returns undefined when it cannot be a number
 */
export function normalisePhone(text: string, region: string): string | undefined {
  const country = region === '' ? undefined : (region as CountryCode);
  const parsed = parsePhoneNumberFromString(text, country);
  // An extension is behind a switchboard: no phone with WhatsApp.
  if (!parsed?.isPossible() || parsed.ext !== undefined) return undefined;
  return phoneNumber.safeParse(parsed.number).data;
}

/** `AgentConfig.agentPhone` where it is filled in; else the preferred one of `phones`. */
export function phoneOf({ phones, toggle }: DirectoryPerson, region: string): PhoneFinding {
  const own = toggle.agentPhone?.trim();
  const group = PREFERENCES.map((isPreferred) => phones.filter(isPreferred)).find(
    ({ length }) => length > 0,
  );
  const texts = own ? [own] : (group ?? []).map(({ value }) => value);
  const numbers = new Set(texts.map((text) => normalisePhone(text, region)));
  const [phone, ...others] = numbers;
  if (texts.length === 0) return { kind: 'none' };
  if (others.length > 0) return { kind: 'several' };
  return phone === undefined ? { kind: 'no-number' } : { kind: 'found', phone };
}

const PROBLEMS = {
  none: 'is left out, and the directory has no phone of this person',
  several:
    'is left out, and the directory has several phones of this person, none of them preferred',
  'no-number': 'is left out, and what the directory has is no phone number with a country code',
} as const;

const FIX =
  'give the number, or fill in AgentConfig.agentPhone (or one mobile phone) in the directory';

/**
 * The phone of somebody who is to have an agent.
 * @throws PlaneError INVALID_ARGUMENT that says why there is none, and what to do
 */
export function phoneForAgent(person: DirectoryPerson | undefined, region: string): string {
  if (!person) throw refused('user', 'is nobody in the directory', 'check the address');
  if (person.suspended) {
    throw refused('user', 'is suspended in the directory', 'restore the account first');
  }
  const finding = phoneOf(person, region);
  if (finding.kind === 'found') return finding.phone;
  throw refused('userPhone', PROBLEMS[finding.kind], FIX);
}

const refused = (field: string, problem: string, fix: string): PlaneError =>
  new PlaneError('INVALID_ARGUMENT', 'The directory does not say what the request leaves out.', {
    details: [{ field, problem, fix }],
  });
