/**
 * The config document: the newest version of secret `agent-{name}-config`, which is the
 * desired state of one agent. Written by the plane, read by the agent's VM.
 *
 * The five fields of seeds/000 (`user`, `userPhone`, `model`, `budget`,
 * `whatsappNumber`) keep their names and meaning, and a document with those alone is
 * valid.
 */

import { z } from 'zod';
import { DEFAULT_MODEL, modelReference } from './models.ts';

export const WHATSAPP_MODES = ['linked', 'dedicated', 'cloud-api', 'kapso'] as const;
export type WhatsappMode = (typeof WHATSAPP_MODES)[number];

export const PROFILES = ['assistant', 'support-desk', 'backend-gateway'] as const;

/** USD a month. */
const BUDGET_DEFAULT = 50;
export const BUDGET_MIN = 1;
export const BUDGET_MAX = 10_000;

/**
 * Lower-cased; ASCII only, so that nothing in it can break a mail header, a label or a
 * log line. RFC 5321 limits: 64 for the local part, 254 in all; its dots stand between other
 * characters.
 *
 * Checked before it is lower-cased: the Kelvin sign U+212A would become a plain `k`.
 */
export const email = z
  .string()
  .max(254)
  .regex(
    /^(?!\.)(?![^@]*\.[.@])[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$/,
    {
      error: 'not an email address',
    },
  )
  .toLowerCase();

/** ITU-T E.164: a plus, then 7-15 digits, the first not zero. */
export const phoneNumber = z
  .string()
  .regex(/^\+[1-9]\d{6,14}$/, { error: 'not a phone number in E.164 form' });

const isTimezone = (name: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== '';
  } catch {
    return false;
  }
};

/** An IANA zone name, as the runtime's own tz database knows it. */
export const timezone = z
  .string()
  .max(64)
  .regex(/^[A-Za-z0-9_+/-]+$/)
  .refine(isTimezone, { error: 'not an IANA time zone' });

/** Of a plane that says no other. */
export const TIMEZONE_DEFAULT = 'UTC';

export const budget = z
  .number({ error: 'not a number' })
  .min(BUDGET_MIN, { error: `below ${BUDGET_MIN}` })
  .max(BUDGET_MAX, { error: `above ${BUDGET_MAX}` });

/**
 * Minutes within which a WhatsApp connection that looks well and delivers nothing is to be noticed,
 * by asking the account's phone; never, when left out (docs/decisions/031).
 */
export const askPhone = z.int().min(2).max(60);

const mode = z.enum(WHATSAPP_MODES).optional();
const isNotEmpty = (value: object): boolean => Object.keys(value).length > 0;
const MODE_MISSING = { path: ['mode'], error: 'required, where nothing else is given' };

const whatsapp = z
  .strictObject({ mode, askPhone: askPhone.optional() })
  .refine(isNotEmpty, MODE_MISSING);

const settings = {
  user: email,
  userPhone: phoneNumber,
  whatsappNumber: phoneNumber.optional(),
  whatsapp: whatsapp.optional(),
  model: modelReference.default(DEFAULT_MODEL),
  budget: budget.default(BUDGET_DEFAULT),
  profile: z.enum(PROFILES).default('assistant'),
  timezone: timezone.default(TIMEZONE_DEFAULT),
};

interface Whatsapp {
  readonly mode: WhatsappMode;
  readonly askPhone?: number | undefined;
}

/** A phone has it among its linked devices: nobody's is behind a business number. */
export const isDeviceMode = (mode: WhatsappMode): boolean =>
  mode === 'linked' || mode === 'dedicated';

/** Defaults that depend on other fields: a number of its own means `dedicated`, none means `linked`. */
function withMode<
  T extends {
    whatsapp?: z.infer<typeof whatsapp> | undefined;
    whatsappNumber?: string | undefined;
  },
>(value: T): Omit<T, 'whatsapp'> & { whatsapp: Whatsapp } {
  const mode = value.whatsapp?.mode ?? (value.whatsappNumber ? 'dedicated' : 'linked');
  return { ...value, whatsapp: { ...value.whatsapp, mode } };
}

/** Every mode but `linked` talks from a number of the agent's own. */
const numberFitsMode = (value: {
  whatsapp: Whatsapp;
  whatsappNumber?: string | undefined;
}): boolean => value.whatsapp.mode === 'linked' || value.whatsappNumber !== undefined;

/**
 * The account at WhatsApp that the agent is: its owner's own in mode `linked`, else the number that
 * it was given. One account is one agent (docs/decisions/105).
 */
export const answersOn = <P, N>(value: {
  readonly whatsapp: { readonly mode: WhatsappMode };
  readonly userPhone?: P;
  readonly whatsappNumber?: N;
}): P | N | undefined =>
  value.whatsapp.mode === 'linked' ? value.userPhone : value.whatsappNumber;

/** Who writes to it and who answers would be the same. */
const isItself = (value: {
  whatsapp: { mode: WhatsappMode };
  userPhone?: string | undefined;
  whatsappNumber?: string | undefined;
}): boolean =>
  value.whatsapp.mode === 'linked' ||
  value.whatsappNumber === undefined ||
  value.whatsappNumber !== value.userPhone;

const NUMBER_IS_OWNERS = {
  path: ['whatsappNumber'],
  error: "is the owner's own phone",
  params: { fix: 'give the agent a number of its own, or use mode linked and no number' },
};

const NUMBER_MISSING = {
  path: ['whatsappNumber'],
  error: 'required in this WhatsApp mode',
  params: { fix: 'give the number the agent answers on, or use mode linked' },
};

const hasPhoneToAsk = ({ whatsapp }: { whatsapp: Whatsapp }): boolean =>
  whatsapp.askPhone === undefined || isDeviceMode(whatsapp.mode);

const NO_PHONE = {
  path: ['whatsapp', 'askPhone'],
  error: 'there is no phone to ask in this WhatsApp mode',
  params: { fix: 'leave it out, or use mode linked or dedicated' },
};

/**
 * The body of `POST /v1/agents`: the seed's flat form and the full one. A phone that is left out
 * is looked up in the Workspace Directory; a number that mode `dedicated` lacks comes from the pool.
 */
export const provisionRequest = z
  .strictObject({ ...settings, userPhone: phoneNumber.optional() })
  .transform(withMode)
  .refine((value) => value.whatsapp.mode === 'dedicated' || numberFitsMode(value), NUMBER_MISSING)
  .refine(hasPhoneToAsk, NO_PHONE)
  .refine(isItself, NUMBER_IS_OWNERS);
export type ProvisionRequest = z.infer<typeof provisionRequest>;

/** What an admin may change of an agent that exists: all but whose it is. */
export const updatable = z.strictObject({
  userPhone: phoneNumber.optional(),
  whatsappNumber: phoneNumber.nullable().optional(),
  whatsapp: z
    .strictObject({ mode, askPhone: askPhone.nullable().optional() })
    .refine(isNotEmpty, MODE_MISSING)
    .optional(),
  model: modelReference.optional(),
  budget: budget.optional(),
  profile: z.enum(PROFILES).optional(),
  timezone: timezone.optional(),
});

export const CONFIG_VERSION = 1;

export const configDocument = z
  .strictObject({ version: z.literal(CONFIG_VERSION).default(CONFIG_VERSION), ...settings })
  .transform(withMode)
  .refine(numberFitsMode, NUMBER_MISSING)
  .refine(hasPhoneToAsk, NO_PHONE);
export type ConfigDocument = z.infer<typeof configDocument>;

/** What may be written. Reading is more lenient: what was once accepted must not stop a VM. */
export const newDocument = configDocument.refine(isItself, NUMBER_IS_OWNERS);
