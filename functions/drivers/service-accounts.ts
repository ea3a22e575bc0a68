/** Port `ServiceAccounts` on the IAM API. */

import { iam_v1 } from 'googleapis/build/src/apis/iam/v1.js';
import type { ServiceAccounts } from '../service/ports.ts';
import type { GoogleAccess } from './google-access.ts';
import { call, read } from './google-error.ts';
import { bindingsOf } from './google-policy.ts';

export function serviceAccountsDriver(access: GoogleAccess, project: string): ServiceAccounts {
  const { serviceAccounts } = new iam_v1.Iam(access.rest).projects;
  return {
    get: (email) =>
      read(`read service account ${email}`, async () => {
        const name = `projects/${project}/serviceAccounts/${email}`;
        const { data } = await serviceAccounts.get({ name });
        const { description, disabled } = data;
        return {
          email: data.email ?? email,
          description: description ?? '',
          disabled: disabled === true,
        };
      }),
    policy: (email) =>
      read(`read the policy of service account ${email}`, async () => {
        const resource = `projects/${project}/serviceAccounts/${email}`;
        const options = { 'options.requestedPolicyVersion': 3 };
        const { data } = await serviceAccounts.getIamPolicy({ resource, ...options });
        return { etag: data.etag ?? undefined, bindings: bindingsOf(data.bindings) };
      }),
    disable: (email) =>
      call(`disable service account ${email}`, async () => {
        await serviceAccounts.disable({ name: `projects/${project}/serviceAccounts/${email}` });
      }),
    enable: (email) =>
      call(`enable service account ${email}`, async () => {
        await serviceAccounts.enable({ name: `projects/${project}/serviceAccounts/${email}` });
      }),
    create: (id, displayName, description) =>
      call(`create service account ${id}`, async () => {
        const requestBody = { accountId: id, serviceAccount: { displayName, description } };
        await serviceAccounts.create({ name: `projects/${project}`, requestBody });
      }),
    remove: async (email) => {
      const name = `projects/${project}/serviceAccounts/${email}`;
      await read(`delete service account ${email}`, () => serviceAccounts.delete({ name }));
    },
  };
}
