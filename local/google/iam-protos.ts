/** Excerpt of `google.iam.admin.v1`: https://github.com/googleapis/googleapis/blob/master/google/iam/admin/v1/iam.proto */

import type { PackageExcerpt } from './excerpt.ts';

const ACCOUNT = '/v1/{name=projects/*/serviceAccounts/*}';
const RESOURCE = '/v1/{resource=projects/*/serviceAccounts/*}';

export const IAM_PROTOS = {
  name: 'google.iam.admin.v1',
  service: 'IAM',
  messages: {
    ServiceAccount: {
      name: 'string',
      projectId: 'string',
      uniqueId: 'string',
      email: 'string',
      displayName: 'string',
      etag: 'bytes',
      description: 'string',
      oauth2ClientId: 'string',
      disabled: 'bool',
    },
    CreateServiceAccountRequest: {
      name: 'string',
      accountId: 'string',
      serviceAccount: 'ServiceAccount',
    },
    ListServiceAccountsRequest: { name: 'string', pageSize: 'int32', pageToken: 'string' },
    NameRequest: { name: 'string' },
    PatchServiceAccountRequest: {
      serviceAccount: 'ServiceAccount',
      updateMask: 'google.protobuf.FieldMask',
    },
  },
  methods: {
    ListServiceAccounts: [
      'ListServiceAccountsRequest',
      'get',
      '/v1/{name=projects/*}/serviceAccounts',
    ],
    CreateServiceAccount: [
      'CreateServiceAccountRequest',
      'post',
      '/v1/{name=projects/*}/serviceAccounts',
      '*',
    ],
    GetServiceAccount: ['NameRequest', 'get', ACCOUNT],
    PatchServiceAccount: [
      'PatchServiceAccountRequest',
      'patch',
      '/v1/{service_account.name=projects/*/serviceAccounts/*}',
      '*',
    ],
    DeleteServiceAccount: ['NameRequest', 'delete', ACCOUNT],
    EnableServiceAccount: ['NameRequest', 'post', `${ACCOUNT}:enable`, '*'],
    DisableServiceAccount: ['NameRequest', 'post', `${ACCOUNT}:disable`, '*'],
    GetIamPolicy: ['google.iam.v1.GetIamPolicyRequest', 'post', `${RESOURCE}:getIamPolicy`, '*'],
    SetIamPolicy: ['google.iam.v1.SetIamPolicyRequest', 'post', `${RESOURCE}:setIamPolicy`, '*'],
    TestIamPermissions: [
      'google.iam.v1.TestIamPermissionsRequest',
      'post',
      `${RESOURCE}:testIamPermissions`,
      '*',
    ],
  },
} as const satisfies PackageExcerpt;
