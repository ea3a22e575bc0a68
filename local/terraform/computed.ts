/**
 * What a resource knows only once it exists, for each type that infra/ refers to: the
 * provider's "Attributes Reference".
 * https://github.com/hashicorp/terraform-provider-google/tree/main/website/docs/r
 */

import { asText, type Value } from './value.ts';

export interface Facts {
  readonly project: string;
  /** Decimal. */
  readonly projectNumber: string;
  /** Numeric id that Google gave a service account. */
  readonly uniqueIdOf: (email: string) => string;
}

type Values = Readonly<Record<string, Value>>;
type Compute = (values: Values, facts: Facts) => Values;

const text = (values: Values, name: string): string => asText(values[name] ?? '');
const named =
  (path: (values: Values) => string): Compute =>
  (values, { project }) => ({ id: `projects/${project}/${path(values)}/${text(values, 'name')}` });
const inRegion = (values: Values): string => `regions/${text(values, 'region')}`;
const inLocation = (values: Values): string => `locations/${text(values, 'location')}`;

const accountOf: Compute = (values, { project, uniqueIdOf }) => {
  const email = `${text(values, 'account_id')}@${project}.iam.gserviceaccount.com`;
  const name = `projects/${project}/serviceAccounts/${email}`;
  return {
    email,
    name,
    id: name,
    member: `serviceAccount:${email}`,
    unique_id: uniqueIdOf(email),
  };
};

const roleOf: Compute = (values, { project }) => {
  const name = `projects/${project}/roles/${text(values, 'role_id')}`;
  return { name, id: name };
};

/** Types that nothing refers to need no entry. */
export const COMPUTED: Readonly<Record<string, Compute>> = {
  google_project: (_values, { project, projectNumber }) => ({
    id: `projects/${project}`,
    number: projectNumber,
  }),
  google_storage_project_service_account: (_values, { projectNumber }) => {
    const email = `service-${projectNumber}@gs-project-accounts.iam.gserviceaccount.com`;
    return { email_address: email, member: `serviceAccount:${email}` };
  },
  google_compute_network: named(() => 'global/networks'),
  google_compute_subnetwork: named((values) => `${inRegion(values)}/subnetworks`),
  google_cloud_tasks_queue: named((values) => `${inLocation(values)}/queues`),
  google_service_account: accountOf,
  google_project_iam_custom_role: roleOf,
  google_kms_key_ring: named((values) => `${inLocation(values)}/keyRings`),
  google_kms_crypto_key: (values) => ({
    id: `${text(values, 'key_ring')}/cryptoKeys/${text(values, 'name')}`,
  }),
  google_logging_project_bucket_config: (values, { project }) => ({
    id: `projects/${project}/${inLocation(values)}/buckets/${text(values, 'bucket_id')}`,
  }),
  google_monitoring_notification_channel: (values, { project }) => ({
    id: `projects/${project}/notificationChannels/${text(values, 'display_name')}`,
  }),
};
