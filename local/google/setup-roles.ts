/**
 * Permissions and roles that only setup and teardown need, narrowed to what the emulator asks
 * for. Source: https://cloud.google.com/iam/docs/understanding-roles
 */

const verbs = (noun: string, ...all: readonly string[]): string[] =>
  all.map((verb) => `${noun}.${verb}`);

const FUNCTIONS = [
  ...verbs('cloudfunctions.functions', 'create', 'delete', 'get', 'list', 'update'),
  ...verbs('cloudfunctions.functions', 'sourceCodeSet', 'generateUploadUrl'),
  ...verbs('cloudfunctions.operations', 'get', 'list'),
];
const RUN = [
  ...verbs('run.services', 'get', 'list', 'getIamPolicy', 'setIamPolicy', 'update'),
  'run.routes.invoke',
];
const DEPLOYMENTS = [
  ...verbs('config.deployments', 'create', 'delete', 'get', 'list', 'update'),
  ...verbs('config.operations', 'get', 'list'),
  ...verbs('config.revisions', 'get', 'list'),
  ...verbs('config.resources', 'get', 'list'),
];
const IMAGES = verbs('compute.images', 'create', 'delete');

/** What an owner may, besides what the agents' life takes. */
export const SETUP_PERMISSIONS: readonly string[] = [
  ...FUNCTIONS,
  ...RUN,
  ...DEPLOYMENTS,
  ...IMAGES,
  ...verbs('logging.buckets', 'get', 'undelete'),
  'resourcemanager.projects.createBillingAssignment',
];

/** Roles that infra/ or setup grants. What they permit is asked for nowhere here, but for run.invoker. */
export const SETUP_ROLES: Readonly<Record<string, readonly string[]>> = {
  'roles/run.invoker': ['run.routes.invoke'],
  'roles/artifactregistry.writer': [],
  'roles/cloudkms.cryptoKeyEncrypterDecrypter': [],
  'roles/config.agent': [],
  'roles/billing.costsManager': [],
  'roles/compute.networkAdmin': [],
  'roles/compute.securityAdmin': [],
  'roles/iam.roleAdmin': [],
  'roles/run.admin': RUN,
  'roles/logging.configWriter': [],
  'roles/monitoring.editor': [],
  'roles/cloudscheduler.admin': [],
  'roles/cloudtasks.queueAdmin': [],
  'roles/cloudkms.admin': [],
};
