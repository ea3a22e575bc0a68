/** getIamPolicy, setIamPolicy and testIamPermissions, which every API has alike. */

import { withoutConditions } from './iam-policy.ts';
import type { IamStore } from './iam-store.ts';
import type { Json } from './proto-schema.ts';
import type { RpcMethod } from './rpc.ts';
import { GoogleError } from './service.ts';

export interface IamMethodsOptions {
  /** `secretmanager.secrets`: what `.getIamPolicy` and `.setIamPolicy` are permissions of. */
  readonly prefix: string;
  /** @throws GoogleError NOT_FOUND */
  readonly mustExist: (resource: string) => void;
}

export const iamMethods = (iam: IamStore, { prefix, mustExist }: IamMethodsOptions) => {
  const on = (verb: string) => (request: Json) => [
    { permission: `${prefix}.${verb}`, resource: String(request.resource) },
  ];
  return {
    GetIamPolicy: {
      demands: on('getIamPolicy'),
      handle: (request) => {
        mustExist(String(request.resource));
        const policy = iam.get(String(request.resource));
        const { requestedPolicyVersion } = (request.options ?? {}) as Json;
        return requestedPolicyVersion === 3 ? policy : withoutConditions(policy);
      },
    },
    SetIamPolicy: {
      demands: on('setIamPolicy'),
      handle: (request) => {
        mustExist(String(request.resource));
        if (!request.policy) throw new GoogleError('INVALID_ARGUMENT', 'Policy is required.');
        return iam.set(String(request.resource), request.policy as Json);
      },
    },
    TestIamPermissions: {
      demands: () => [],
      handle: (request, { principal }) => {
        const asked = (request.permissions ?? []) as string[];
        const permissions = iam.test(principal, String(request.resource), asked);
        return permissions.length > 0 ? { permissions } : {};
      },
    },
  } satisfies Record<string, RpcMethod>;
};
