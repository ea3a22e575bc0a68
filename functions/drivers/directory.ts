/**
 * Port `Directory` on the Admin SDK, reading as an administrator of the Workspace.
 * https://developers.google.com/workspace/admin/directory/reference/rest/v1/users
 */

import { admin_directory_v1 as admin } from 'googleapis/build/src/apis/admin/directory_v1.js';
import { AGENT_CONFIG } from '../../contracts/agent-config.ts';
import { PlaneError } from '../../contracts/errors.ts';
import type { DirectoryPerson, Toggle } from '../core/directory.ts';
import type { Directory } from '../service/ports.ts';
import type { GoogleAccess } from './google-access.ts';
import { actAs, type Delegate } from './google-delegation.ts';
import { call, read } from './google-error.ts';

type User = admin.Schema$User;

/** The smallest scope that shows custom fields and suspension. */
const SCOPES = ['admin.directory.user.readonly'];
/** Google's highest. */
const PAGE_SIZE = 500;
/** 500 000 people: more pages than that are the same ones again. */
const PAGES_MAX = 1000;
const PERSON = `id,primaryEmail,suspended,archived,phones,customSchemas/${AGENT_CONFIG}`;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A field of a type that the schema does not have counts as not filled in. */
function toggleOf(fields: object = {}): Toggle {
  const { agentEnabled, agentModel, agentBudget, agentPhone } = fields as Record<string, unknown>;
  return {
    agentEnabled: agentEnabled === true,
    ...(typeof agentModel === 'string' && agentModel !== '' ? { agentModel } : {}),
    ...(typeof agentBudget === 'number' ? { agentBudget } : {}),
    ...(typeof agentPhone === 'string' && agentPhone !== '' ? { agentPhone } : {}),
  };
}

function personOf({ id, primaryEmail, suspended, archived, phones, customSchemas }: User) {
  const entries: unknown = phones;
  const known = Array.isArray(entries) ? (entries as readonly Record<string, unknown>[]) : [];
  return {
    ...(text(id) === '' ? {} : { id: text(id) }),
    email: text(primaryEmail).toLowerCase(),
    suspended: suspended === true || archived === true,
    phones: known.map(({ value, type, customType, primary }) => ({
      value: text(value),
      type: text(type) === 'custom' ? text(customType) : text(type),
      primary: primary === true,
    })),
    toggle: toggleOf(customSchemas?.[AGENT_CONFIG]),
  } satisfies DirectoryPerson;
}

/** What Google calls a lack of permission is here the one step of setup that is done by hand. */
async function permitted<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof PlaneError) || error.code !== 'PERMISSION_DENIED') throw error;
    const fix =
      'run setup again (it names the scope to delegate), with directory_as set to an administrator';
    const details = [{ field: 'directory', problem: 'may not be read by the plane', fix }];
    const message = 'The Workspace Directory cannot be read. Or give userPhone with the request.';
    throw new PlaneError('FAILED_PRECONDITION', message, { details, cause: error.cause });
  }
}

const notSet = (): PlaneError =>
  new PlaneError('FAILED_PRECONDITION', 'This plane does not read the Workspace Directory.', {
    details: [
      {
        field: 'userPhone',
        problem: 'is left out, and the plane knows nobody to read the directory as',
        fix: 'give the number, or set directory_as in plane.toml and run setup again',
      },
    ],
  });

const notWhole = (): PlaneError =>
  new PlaneError('UNAVAILABLE', 'The Directory gave a list that cannot be whole. Nothing is done.');

export interface DirectoryAccess extends Delegate {
  /** Administrator in whose name it is read; '' when the plane was given none. */
  readonly as: string;
}

export function directoryDriver(access: GoogleAccess, settings: DirectoryAccess): Directory {
  const usersOf = async () => {
    if (settings.as === '') throw notSet();
    const auth = await actAs(access, settings, settings.as, SCOPES);
    return new admin.Admin({ ...access.rest, auth }).users;
  };
  return {
    person: (key) =>
      permitted(
        read('look somebody up in the directory', async () => {
          const users = await usersOf();
          const { data } = await users.get({
            userKey: key,
            projection: 'full',
            fields: PERSON,
          });
          return personOf(data);
        }),
      ),
    everybody: () =>
      permitted(
        call('list the directory', async () => {
          const people = await allPages(await usersOf());
          // Whoever asks is one of them: a list without them is not the list.
          if (!people.some(({ email }) => email === settings.as)) throw notWhole();
          return people;
        }),
      ),
  };
}

async function allPages(users: admin.Resource$Users): Promise<readonly DirectoryPerson[]> {
  const people = new Map<string, DirectoryPerson>();
  let pageToken: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { data } = await users.list({
      customer: 'my_customer',
      maxResults: PAGE_SIZE,
      orderBy: 'email',
      projection: 'full',
      fields: `nextPageToken,users(${PERSON})`,
      ...(pageToken === undefined ? {} : { pageToken }),
    });
    for (const user of data.users ?? []) {
      const person = personOf(user);
      people.set(person.email, person);
    }
    pageToken = data.nextPageToken ?? undefined;
    if (pageToken === undefined) return [...people.values()];
  }
  throw notWhole();
}
