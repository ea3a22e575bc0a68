/**
 * Admin SDK Directory: the people of the local domain. Only an administrator of the
 * domain (by domain-wide delegation) may ask.
 * https://developers.google.com/workspace/admin/directory/reference/rest/v1/users
 */

import type { Call, Service } from './service.ts';
import { GoogleError } from './service.ts';
import { type Account, createPeople, type People, type Person } from './workspace/people.ts';
import { schemaRoutes } from './workspace/schemas.ts';
import { needScope, personOf } from './workspace/scopes.ts';

export interface Directory extends Pick<People, 'put' | 'remove' | 'rename'> {
  readonly service: Service;
  /** Lists leave this person out, as a list that is cut short would. @returns ends it */
  hide(email: string): () => void;
}

const PATH = '/admin/directory/v1/users';
const SCOPES = ['admin.directory.user.readonly', 'admin.directory.user'];
const PAGE_DEFAULT = 100;
const PAGE_MAX = 500;

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** `full` shows every custom schema, `custom` those that the mask names. */
function customOf({ customSchemas = {} }: Person, projection: Projection): object {
  if (projection.kind === 'basic') return {};
  const shown = Object.entries(customSchemas).filter(
    ([name]) => projection.kind === 'full' || projection.mask.includes(name),
  );
  return shown.length > 0 ? { customSchemas: Object.fromEntries(shown) } : {};
}

interface Projection {
  readonly kind: string;
  /** Names of custom schemas. */
  readonly mask: readonly string[];
}

/** @throws GoogleError INVALID_ARGUMENT */
function projectionOf({ query }: Call): Projection {
  const kind = query.get('projection') ?? 'basic';
  const mask = (query.get('customFieldMask') ?? '').split(',').filter(Boolean);
  if (!['basic', 'custom', 'full'].includes(kind) || (kind === 'custom') !== mask.length > 0) {
    throw new GoogleError('INVALID_ARGUMENT', 'Invalid Input: projection', 'invalid');
  }
  return { kind, mask };
}

function view(person: Account, projection: Projection): object {
  const { id, primaryEmail, aliases = [], phones = [] } = person;
  const [local = ''] = primaryEmail.split('@');
  const [first = '', last = ''] = local.split('.');
  const givenName = person.givenName ?? capital(first);
  const familyName = person.familyName ?? capital(last);
  return {
    kind: 'admin#directory#user',
    id,
    primaryEmail,
    name: { givenName, familyName, fullName: `${givenName} ${familyName}`.trim() },
    isAdmin: person.isAdmin ?? false,
    suspended: person.suspended ?? false,
    archived: person.archived ?? false,
    emails: [{ address: primaryEmail, primary: true }, ...aliases.map((address) => ({ address }))],
    ...(aliases.length > 0 && { aliases }),
    ...(phones.length > 0 && { phones }),
    ...customOf(person, projection),
    orgUnitPath: '/',
    customerId: 'C00local0',
    isMailboxSetup: true,
  };
}

/** `email:x*`, `isSuspended=true`, `givenName:x`: https://developers.google.com/workspace/admin/directory/v1/guides/search-users */
function matches(person: Account, query: string): boolean {
  return (query.match(/\w+[:=](?:'[^']*'|\S+)/g) ?? []).every((term) => {
    const [, field = '', quoted = ''] = /^(\w+)[:=](.*)$/.exec(term) ?? [];
    const value = quoted.replace(/^'|'$/g, '').toLowerCase();
    if (field === 'isSuspended') return String(person.suspended ?? false) === value;
    const shown = Object(view(person, { kind: 'basic', mask: [] })) as {
      primaryEmail: string;
      name: Record<string, string>;
    };
    const actual = (field === 'email' ? shown.primaryEmail : shown.name[field])?.toLowerCase();
    if (value.endsWith('*')) return actual?.startsWith(value.slice(0, -1)) ?? false;
    return actual === value;
  });
}

/** @throws GoogleError INVALID_ARGUMENT for a size or token that Google did not offer */
function pageOf(query: URLSearchParams): { readonly size: number; readonly start: number } {
  const size = Number(query.get('maxResults') ?? PAGE_DEFAULT);
  const start = Number(query.get('pageToken') ?? 0);
  if (Number.isInteger(start) && start >= 0 && size >= 1 && size <= PAGE_MAX)
    return { size, start };
  throw new GoogleError('INVALID_ARGUMENT', 'Invalid Input: page', 'invalid');
}

const notAuthorized = (): GoogleError =>
  new GoogleError('PERMISSION_DENIED', 'Not Authorized to access this resource/api', 'forbidden');

export function createDirectory(people: readonly Person[]): Directory {
  const known = createPeople();
  const hidden = new Set<string>();
  for (const person of people) known.put(person);

  const authorize = (call: Call): void => {
    needScope(call, SCOPES);
    const person = known.at(personOf(call) ?? '');
    if (person?.isAdmin !== true || person.suspended === true) throw notAuthorized();
  };
  const list = (call: Call): object => {
    authorize(call);
    const { query } = call;
    const domain = query.get('domain');
    if (domain === null && query.get('customer') === null) {
      throw new GoogleError('INVALID_ARGUMENT', 'Bad Request', 'badRequest');
    }
    const { size, start } = pageOf(query);
    const found = known
      .all()
      .filter((one) => domain === null || one.primaryEmail.endsWith(`@${domain.toLowerCase()}`))
      .filter((one) => !hidden.has(one.primaryEmail))
      .filter((one) => matches(one, query.get('query') ?? ''))
      .sort((a, b) => (a.primaryEmail < b.primaryEmail ? -1 : 1));
    const users = found.slice(start, start + size).map((one) => view(one, projectionOf(call)));
    const more = found.length > start + size;
    return {
      kind: 'admin#directory#users',
      ...(users.length > 0 && { users }),
      ...(more && { nextPageToken: String(start + size) }),
    };
  };

  const get = (call: Call): object => {
    authorize(call);
    const person = known.find((call.params.user ?? '').toLowerCase());
    if (person) return view(person, projectionOf(call));
    throw new GoogleError('NOT_FOUND', 'Resource Not Found: userKey', 'notFound');
  };

  const demands = () => [];
  return {
    put: known.put,
    remove: known.remove,
    rename: known.rename,
    hide: (email) => {
      hidden.add(email);
      return () => void hidden.delete(email);
    },
    service: {
      name: 'directory',
      errorShape: 'legacy',
      routes: [
        ...schemaRoutes((call) => known.at(personOf(call) ?? '')?.isAdmin === true),
        { verb: 'GET', path: PATH, method: 'directory.users.list', demands, handle: list },
        { verb: 'GET', path: `${PATH}/:user`, method: 'directory.users.get', demands, handle: get },
      ],
    },
  };
}
