/**
 * Custom schemas of the Directory, in memory.
 * https://developers.google.com/workspace/admin/directory/reference/rest/v1/schemas
 */

import type { Call, Route } from '../service.ts';
import { GoogleError } from '../service.ts';
import { needScope } from './scopes.ts';

const PATH = '/admin/directory/v1/customer/:customer/schemas';
const WRITE = ['admin.directory.userschema'];
const READ = [...WRITE, 'admin.directory.userschema.readonly'];
const TYPES = ['STRING', 'INT64', 'BOOL', 'DOUBLE', 'EMAIL', 'PHONE', 'DATE'];

const invalid = (what: string): GoogleError =>
  new GoogleError('INVALID_ARGUMENT', `Invalid Input: ${what}`, 'invalid');

type Fields = readonly Readonly<Record<string, unknown>>[];

/** @throws GoogleError INVALID_ARGUMENT */
function readSchema(body: Readonly<Record<string, unknown>>): string {
  const { schemaName, fields } = body as { schemaName?: unknown; fields?: Fields };
  if (typeof schemaName !== 'string' || !/^[A-Za-z0-9_-]+$/.test(schemaName)) {
    throw invalid('schemaName');
  }
  const known = Array.isArray(fields) && fields.length > 0;
  if (!known || !fields.every(({ fieldType }) => TYPES.includes(String(fieldType)))) {
    throw invalid('fields');
  }
  return schemaName;
}

/** @param isAdmin whether whoever calls administers the domain */
export function schemaRoutes(isAdmin: (call: Call) => boolean): readonly Route[] {
  const schemas = new Map<string, object>();
  const authorize = (call: Call, scopes: readonly string[]): void => {
    needScope(call, scopes);
    if (isAdmin(call)) return;
    throw new GoogleError(
      'PERMISSION_DENIED',
      'Not Authorized to access this resource/api',
      'forbidden',
    );
  };
  const demands = () => [];
  return [
    {
      verb: 'GET',
      path: PATH,
      method: 'directory.schemas.list',
      demands,
      handle: (call) => {
        authorize(call, READ);
        return { kind: 'admin#directory#schemas', schemas: [...schemas.values()] };
      },
    },
    {
      verb: 'GET',
      path: `${PATH}/:schema`,
      method: 'directory.schemas.get',
      demands,
      handle: (call) => {
        authorize(call, READ);
        const found = schemas.get(call.params.schema ?? '');
        if (found) return found;
        throw new GoogleError('NOT_FOUND', 'Resource Not Found: schemaKey', 'notFound');
      },
    },
    {
      verb: 'POST',
      path: PATH,
      method: 'directory.schemas.insert',
      demands,
      handle: (call) => {
        authorize(call, WRITE);
        const name = readSchema(call.body);
        if (schemas.has(name)) {
          throw new GoogleError('ALREADY_EXISTS', 'Entity already exists.', 'duplicate');
        }
        const made = { kind: 'admin#directory#schema', schemaId: name, ...call.body };
        schemas.set(name, made);
        return made;
      },
    },
  ];
}
