/**
 * Cloud Audit Logs, as far as refusals go: of every call that IAM refuses, the entry that Google
 * writes. Of what is granted nothing here asks, and nothing is written.
 *
 * https://cloud.google.com/logging/docs/audit
 */

import type { IamStore } from './iam-store.ts';
import type { Json } from './proto-schema.ts';
import type { Demand, RecordedCall } from './service.ts';

export type LogType = 'ADMIN_READ' | 'ADMIN_WRITE' | 'DATA_READ' | 'DATA_WRITE';

/** Which reads are written down: service -> type -> members whose reads are not. */
export type AuditConfigs = Map<string, Map<LogType, readonly string[]>>;

const DATA_READ =
  /^(secretmanager\.versions\.access|storage\.objects\.(get|list)|logging\.logEntries\.list|iam\.serviceAccounts\.(get(AccessToken|OpenIdToken)|sign(Blob|Jwt)))$/;
const DATA_WRITE = /^(storage\.objects\.\w+|logging\.logEntries\.create)$/;
const ADMIN_READ = /\.(get\w*|list\w*)$/;

/** https://cloud.google.com/logging/docs/audit/configure-data-access (type of a permission) */
function logTypeOf(permission: string): LogType {
  if (DATA_READ.test(permission)) return 'DATA_READ';
  if (DATA_WRITE.test(permission)) return 'DATA_WRITE';
  return ADMIN_READ.test(permission) ? 'ADMIN_READ' : 'ADMIN_WRITE';
}

/** `secretmanager.secrets.get` -> `secretmanager.googleapis.com` */
const serviceOf = (permission: string): string =>
  `${permission.split('.')[0]?.replace(/^resourcemanager$/, 'cloudresourcemanager')}.googleapis.com`;

/** google.rpc.Code PERMISSION_DENIED */
const DENIED = 7;

/** Changes always; reads where the project asks for them. */
function isWritten(configs: AuditConfigs, permission: string, principal: string): boolean {
  const type = logTypeOf(permission);
  if (type === 'ADMIN_WRITE') return true;
  const exempted = configs.get(serviceOf(permission))?.get(type);
  return exempted !== undefined && !exempted.includes(principal);
}

/**
 * The entry of a call that IAM refused.
 * @param project `projects/p`, that of the resource
 * @param refused the first demand that was not met
 */
function entryOf(
  project: string,
  method: string,
  principal: string,
  { permission, resource }: Demand,
): Json {
  const log = logTypeOf(permission) === 'ADMIN_WRITE' ? 'activity' : 'data_access';
  return {
    logName: `${project}/logs/cloudaudit.googleapis.com%2F${log}`,
    resource: { type: 'audited_resource' },
    severity: 'ERROR',
    protoPayload: {
      '@type': 'type.googleapis.com/google.cloud.audit.AuditLog',
      serviceName: serviceOf(permission),
      methodName: method,
      resourceName: resource,
      status: { code: DENIED, message: 'PERMISSION_DENIED' },
      authenticationInfo: { principalEmail: principal.replace(/^\w+:/, '') },
      authorizationInfo: [{ permission, resource, granted: false }],
    },
  };
}

/**
 * Watches calls, and writes down those that IAM refused. Of a caller that nobody knows there is
 * nothing to write, and no project to write it to.
 */
export function refusalLog(
  { allows, projectOf }: Pick<IamStore, 'allows' | 'projectOf'>,
  configs: AuditConfigs,
  write: (entry: Json) => void,
): (call: RecordedCall) => void {
  return ({ method, principal, status, demands }) => {
    if (status !== 403 || !principal) return;
    const refused = demands.find((demand) => !allows(principal, demand));
    const project = refused && projectOf(refused.resource);
    if (!refused || !project || !isWritten(configs, refused.permission, principal)) return;
    write(entryOf(project, method, principal, refused));
  };
}
