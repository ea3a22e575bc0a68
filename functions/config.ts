/**
 * The environment of the control plane as one table: variable, default, validator.
 * Parsed once by the entry point; everything else receives `Config`.
 */

import { z } from 'zod';
import { BUDGET_MAX, email, TIMEZONE_DEFAULT, timezone } from '../contracts/config-document.ts';
import { PlaneError, type Problem } from '../contracts/errors.ts';
import { endpoints } from '../contracts/instance-metadata.ts';
import { DEFAULT_MODEL, modelReference } from '../contracts/models.ts';
import { domain, projectId, zone } from '../contracts/project.ts';

const commaList = (item: z.ZodType<string, string>) =>
  z
    .string()
    .transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    .pipe(z.array(item));

const json = z.string().transform((text, context) => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    context.addIssue({ code: 'custom', message: 'not JSON' });
    return z.NEVER;
  }
});

interface Row<K extends string, T extends z.ZodType> {
  readonly key: K;
  readonly is: T;
  /** What it should look like, for the error. */
  readonly like: string;
  /** Undefined: the variable must be set. */
  readonly default: string | undefined;
}

const row = <const K extends string, T extends z.ZodType>(
  key: K,
  is: T,
  like: string,
  fallback?: string,
): Row<K, T> => ({ key, is, like, default: fallback });

const TABLE = {
  AGENTS_PLANE_PROJECT: row('project', projectId, 'a project id, nine30-prod'),
  AGENTS_PLANE_ZONE: row('zone', zone, 'europe-west1-b'),
  AGENTS_PLANE_DOMAINS: row(
    'domains',
    commaList(domain).pipe(z.array(domain).min(1)),
    'nine30.com',
  ),
  AGENTS_PLANE_ADMINS: row('admins', commaList(email), 'a comma list of emails', ''),
  AGENTS_PLANE_VIEWERS: row('viewers', commaList(email), 'a comma list of emails', ''),
  AGENTS_PLANE_SCHEDULER: row(
    'scheduler',
    email.or(z.literal('')),
    'the service account of Cloud Scheduler, or unset',
    '',
  ),
  AGENTS_PLANE_AUDIENCE: row('audience', z.url(), 'the URL of function api'),
  AGENTS_PLANE_VM_URL: row('vmUrl', z.url(), 'the URL of function vm'),
  AGENTS_PLANE_PAGES_URL: row('pagesUrl', z.url(), 'the URL of function pages'),
  AGENTS_PLANE_MAIL_FROM: row('mailFrom', email, 'agents@nine30.com'),
  AGENTS_PLANE_DIRECTORY_AS: row(
    'directoryAs',
    email.or(z.literal('')),
    'an administrator of the Workspace who may read its people, or unset',
    '',
  ),
  AGENTS_PLANE_SYNC_SHARE: row(
    'syncShare',
    z.coerce.number().int().min(1).max(100),
    'percent of the fleet, 1 to 100',
    '10',
  ),
  AGENTS_PLANE_PHONE_REGION: row(
    'phoneRegion',
    z.string().regex(/^([A-Z]{2})?$/),
    'the country of phone numbers that name none, AT, or unset',
    '',
  ),
  AGENTS_PLANE_SERVICE_ACCOUNT: row('serviceAccount', email, "the plane's own service account"),
  AGENTS_PLANE_QUEUE: row(
    'queue',
    z.string().regex(/^projects\/[a-z0-9-]+\/locations\/[a-z0-9-]+\/queues\/[A-Za-z0-9-]+$/),
    'projects/nine30-prod/locations/europe-west1/queues/agents-plane-bulk',
  ),
  AGENTS_PLANE_ROUND_PAUSE: row(
    'roundPause',
    z.coerce.number().int().min(0).max(600),
    'seconds between two pages of a round, 0 to 600',
    '25',
  ),
  AGENTS_PLANE_TASKS_ACCOUNT: row('tasksAccount', email, 'the account that the queue calls as'),
  AGENTS_PLANE_CELLS: row(
    'cells',
    commaList(z.string().regex(/^[^=]+=[1-9]\d{0,4}$/))
      .transform((cells) =>
        cells.map((cell) => {
          const [project = '', room] = cell.split('=');
          return { project, room: Number(room) };
        }),
      )
      .pipe(z.array(z.object({ project: projectId, room: z.number() }))),
    'the projects that hold agents and how many each, nine30-prod=1400,nine30-two=1400; unset: one project',
    '',
  ),
  AGENTS_PLANE_IMAGE: row(
    'image',
    z.string().regex(/^[\w./:-]{1,500}$/),
    'projects/nine30-prod/global/images/family/agents-plane',
  ),
  AGENTS_PLANE_MACHINE_TYPE: row(
    'machineType',
    z.string().regex(/^[a-z][a-z0-9-]{1,62}$/),
    'e2-medium',
    'e2-medium',
  ),
  AGENTS_PLANE_SUBNETWORK: row(
    'subnetwork',
    z.string().regex(/^[a-z0-9/-]{1,300}$/),
    'regions/europe-west1/subnetworks/agents',
  ),
  AGENTS_PLANE_BUNDLE: row(
    'bundle',
    z.string().regex(/^gs:\/\/[a-z0-9._-]+\/.+$/),
    'gs://bucket/object',
  ),
  AGENTS_PLANE_BUNDLE_SHA256: row(
    'bundleSha256',
    z.string().regex(/^[0-9a-f]{64}$/),
    '64 lower-case hex digits',
  ),
  AGENTS_PLANE_BUDGET_MAX: row(
    'budgetMax',
    z.coerce.number().min(1).max(BUDGET_MAX),
    `USD a month, 1 to ${BUDGET_MAX}`,
    '500',
  ),
  AGENTS_PLANE_MODEL: row('model', modelReference, DEFAULT_MODEL, DEFAULT_MODEL),
  AGENTS_PLANE_TIMEZONE: row('timezone', timezone, 'an IANA name, Europe/Vienna', TIMEZONE_DEFAULT),
  AGENTS_PLANE_GOOGLE_ENDPOINT: row(
    'googleEndpoint',
    z.literal('').or(z.url({ protocol: /^https?$/ })),
    'http://127.0.0.1:PORT, or unset',
    '',
  ),
  AGENTS_PLANE_VM_ENDPOINTS: row(
    'vmEndpoints',
    json.pipe(endpoints),
    'JSON with URLs by service name, or unset',
    '{}',
  ),
} as const;

type Table = typeof TABLE;
export type Config = {
  readonly [V in keyof Table as Table[V]['key']]: z.output<Table[V]['is']>;
};

/** What agents were made before there were cells is in the plane's own project: it is the first of them. */
function cellProblems({ project, cells = [] }: Partial<Config>): Problem[] {
  const names = cells.map((cell) => cell.project);
  const twice = new Set(names).size < names.length;
  if (!twice && (names.length === 0 || project === undefined || names[0] === project)) return [];
  const problem = twice ? 'names a project twice' : "does not begin with the plane's own project";
  const fix = `name each project once, ${project ?? 'the project of the plane'} first`;
  return [{ field: 'AGENTS_PLANE_CELLS', problem, fix }];
}

/**
 * Reads the environment.
 * @throws PlaneError FAILED_PRECONDITION whose details name every variable that is wrong.
 */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const problems: Problem[] = [];
  const entries = Object.entries(TABLE).map(([variable, { key, is, like, ...rest }]) => {
    const text = env[variable] || rest.default;
    const parsed = text === undefined ? undefined : is.safeParse(text);
    if (!parsed?.success) {
      const problem = text === undefined ? 'is not set' : 'has a value that cannot be used';
      problems.push({ field: variable, problem, fix: `set it to ${like}` });
    }
    return [key, parsed?.data];
  });
  problems.push(...cellProblems(Object.fromEntries(entries) as Partial<Config>));
  if (problems.length > 0) {
    const list = problems.map((each) => `${each.field} ${each.problem}: ${each.fix}`).join('; ');
    throw new PlaneError('FAILED_PRECONDITION', `The environment is incomplete. ${list}`, {
      details: problems,
    });
  }
  return Object.fromEntries(entries) as Config;
}
