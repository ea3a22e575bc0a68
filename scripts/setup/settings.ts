/** The settings file of setup (TOML): one strict schema, its defaults, and what follows from it. */

import { parse } from 'smol-toml';
import { z } from 'zod';
import {
  BUDGET_MAX,
  email,
  provisionRequest,
  TIMEZONE_DEFAULT,
  timezone,
} from '../../contracts/config-document.ts';
import { PlaneError } from '../../contracts/errors.ts';
import { DEFAULT_MODEL, modelReference } from '../../contracts/models.ts';
import { domain, projectId, zone } from '../../contracts/project.ts';

/** 1,500 members is the most that the policy of the shared key takes (docs/decisions/094). */
const room = z.number().int().min(1).max(1_450).default(1_400);

/** Unknown keys are refused: a misspelt one would silently be its default. */
const table = z.strictObject({
  /** Id of an existing, billed project. */
  project: projectId,
  /** Agents that it may hold; counts once there are cells. */
  room,
  /** More such projects, for the agents that do not fit in there any more. */
  cells: z.array(z.strictObject({ project: projectId, room })).default([]),
  zone: zone.default('europe-west1-b'),
  /** Google Workspace domains whose people may have agents. */
  domains: z.array(domain).min(1),
  admins: z.array(email).min(1),
  viewers: z.array(email).default([]),
  /** A mailbox of the Workspace, from which the plane writes. */
  mail_from: email,
  /** An administrator of the Workspace, as whom the plane reads the Directory. Empty: it does not. */
  directory_as: email.or(z.literal('')).default(''),
  /** Percent of the fleet that one sync with the Directory may remove (and always three). */
  sync_share: z.number().int().min(1).max(100).default(10),
  /** ISO 3166 country of phone numbers in the Directory that name none. */
  phone_region: z
    .string()
    .regex(/^([A-Z]{2})?$/, { error: 'not a country, like AT' })
    .default(''),
  machine_type: z
    .string()
    .regex(/^[a-z][a-z0-9-]{1,62}$/)
    .default('e2-medium'),
  /** Of an agent whose request names none. */
  model: modelReference.default(DEFAULT_MODEL),
  /** Of an agent whose request names none: an IANA name, in which its owner's morning is a morning. */
  timezone: timezone.default(TIMEZONE_DEFAULT),
  /** USD a month that a request may give one agent. */
  budget_max: z.number().min(1).max(BUDGET_MAX).default(500),
  /** Empty: the project's own image of infra/image, which setup builds when there is none. */
  image: z
    .string()
    .regex(/^$|^projects\/[\w.:-]+\/global\/images\/(family\/)?[a-z0-9-]+$/, {
      error: 'not an image, like projects/p/global/images/family/agents-plane',
    })
    .default(''),
  alert_email: email.or(z.literal('')).default(''),
  /** 000000-000000-000000: switches the budget alert on. */
  billing_account: z
    .string()
    .regex(/^([0-9A-F]{6}-){2}[0-9A-F]{6}$|^$/, { error: 'not a billing account id' })
    .default(''),
  /** A month's cost of the whole project at which Google mails, in the billing account's currency, whatever the key says. */
  budget_usd: z.number().int().min(1).default(500),
  audit_days: z.number().int().min(1).max(3650).default(365),
  kms: z.boolean().default(false),
  /** Of planes in this project: names that Google keeps after a teardown carry it, from 2 on. */
  generation: z.number().int().min(1).max(999).default(1),
  /** The first agent: what the API takes, seeds' five fields and more. */
  agent: provisionRequest.optional(),
});
export const settings = table.superRefine(({ project, cells }, context) => {
  const names = [project, ...cells.map((cell) => cell.project)];
  for (const [index, cell] of cells.entries()) {
    if (names.indexOf(cell.project) > index) continue;
    const message = cell.project === project ? "is the plane's own project" : 'is named twice';
    context.addIssue({ code: 'custom', path: ['cells', index, 'project'], message });
  }
});
export type Settings = z.output<typeof settings>;

/** The first agent's defaults are the plane's, as for any request. */
function withAgent(raw: unknown): unknown {
  const { agent, model, timezone: zone } = raw as Record<string, unknown>;
  if (typeof agent !== 'object' || agent === null) return raw;
  const theirs = {
    ...(model !== undefined && { model }),
    ...(zone !== undefined && { timezone: zone }),
  };
  return { ...(raw as object), agent: { ...theirs, ...agent } };
}

/**
 * @param text TOML
 * @param file for messages
 * @throws PlaneError INVALID_ARGUMENT that names every key that is wrong
 */
export function readSettings(text: string, file: string): Settings {
  let raw: unknown;
  try {
    raw = parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : '';
    throw new PlaneError('INVALID_ARGUMENT', `${file} is not TOML: ${why}`, { cause });
  }
  const parsed = settings.safeParse(withAgent(raw));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => `${[...issue.path, key].join('.')}: there is no such setting`)
      : [`${issue.path.join('.')}: ${issue.message}`],
  );
  throw new PlaneError('INVALID_ARGUMENT', `${file}: ${problems.join('; ')}`);
}

export const regionOf = ({ zone }: Settings): string => zone.replace(/-[a-z]$/, '');

/** The URL that Cloud Functions gives a function, known before it exists. */
export const urlOf = (all: Settings, service: string): string =>
  `https://${regionOf(all)}-${all.project}.cloudfunctions.net/${service}`;
