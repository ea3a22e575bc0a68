/**
 * Predefined roles and what they permit, narrowed to the permissions the emulator asks
 * for. Source: https://cloud.google.com/iam/docs/understanding-roles
 *
 * A role that is not here (or seeded as a custom role) is refused by setIamPolicy, as on
 * Google: a typing error in a role must not pass silently.
 */

import { SETUP_PERMISSIONS, SETUP_ROLES } from './setup-roles.ts';

export type Roles = Map<string, ReadonlySet<string>>;

const SECRET_READ = ['secretmanager.secrets.get', 'secretmanager.secrets.list'];
const VERSION_READ = ['secretmanager.versions.get', 'secretmanager.versions.list'];
const SECRET_IAM = ['secretmanager.secrets.getIamPolicy', 'secretmanager.secrets.setIamPolicy'];
const VERSION_MANAGE = ['add', 'destroy', 'disable', 'enable', 'get', 'list'].map(
  (verb) => `secretmanager.versions.${verb}`,
);
const SECRET_ADMIN = [
  ...['create', 'delete', 'get', 'list', 'update'].map((verb) => `secretmanager.secrets.${verb}`),
  ...SECRET_IAM,
  ...VERSION_MANAGE,
  'secretmanager.versions.access',
];

const ACCOUNT_READ = ['iam.serviceAccounts.get', 'iam.serviceAccounts.list'];
const ACCOUNT_ADMIN = [
  ...['create', 'delete', 'disable', 'enable', 'get', 'list', 'undelete', 'update'].map(
    (verb) => `iam.serviceAccounts.${verb}`,
  ),
  'iam.serviceAccounts.getIamPolicy',
  'iam.serviceAccounts.setIamPolicy',
];
const TOKEN_CREATOR = [
  'iam.serviceAccounts.getAccessToken',
  'iam.serviceAccounts.getOpenIdToken',
  'iam.serviceAccounts.implicitDelegation',
  'iam.serviceAccounts.list',
  'iam.serviceAccounts.signBlob',
  'iam.serviceAccounts.signJwt',
];

const OPERATIONS_READ = [
  'compute.globalOperations.get',
  'compute.regionOperations.get',
  'compute.zoneOperations.get',
  'compute.zoneOperations.list',
];
const CATALOGUE_READ = [
  ...['zones', 'regions', 'machineTypes', 'diskTypes'].flatMap((noun) => [
    `compute.${noun}.get`,
    `compute.${noun}.list`,
  ]),
  'compute.projects.get',
  ...OPERATIONS_READ,
];
const IMAGE_READ = [
  'compute.images.get',
  'compute.images.getFromFamily',
  'compute.images.list',
  'compute.images.useReadOnly',
];
const INSTANCE_READ = [
  'compute.instances.get',
  'compute.instances.getGuestAttributes',
  'compute.instances.getSerialPortOutput',
  'compute.instances.list',
  'compute.instances.getIamPolicy',
];
const INSTANCE_WRITE = [
  ...[
    'attachDisk',
    'create',
    'delete',
    'detachDisk',
    'reset',
    'resume',
    'start',
    'stop',
    'suspend',
  ],
  ...['setDeletionProtection', 'setDiskAutoDelete', 'setIamPolicy', 'setLabels', 'setMachineType'],
  ...['setMetadata', 'setScheduling', 'setServiceAccount', 'setShieldedInstanceIntegrityPolicy'],
  ...['setTags', 'update', 'updateShieldedInstanceConfig', 'use'],
].map((verb) => `compute.instances.${verb}`);
const DISK_ADMIN = [
  ...['create', 'delete', 'get', 'list', 'resize', 'setLabels', 'update', 'use', 'useReadOnly'],
].map((verb) => `compute.disks.${verb}`);
const NETWORK_USE = [
  'compute.networks.get',
  'compute.networks.list',
  'compute.networks.use',
  'compute.subnetworks.get',
  'compute.subnetworks.list',
  'compute.subnetworks.use',
  'compute.subnetworks.useExternalIp',
];
const INSTANCE_ADMIN = [
  ...CATALOGUE_READ,
  ...IMAGE_READ,
  ...INSTANCE_READ,
  ...INSTANCE_WRITE,
  ...DISK_ADMIN,
  ...NETWORK_USE,
];

const PROJECT_READ = ['resourcemanager.projects.get', 'resourcemanager.projects.list'];
const PROJECT_IAM = [
  'resourcemanager.projects.getIamPolicy',
  'resourcemanager.projects.setIamPolicy',
];
const SERVICE_READ = ['serviceusage.services.get', 'serviceusage.services.list'];

const OBJECT_VIEW = ['storage.objects.get', 'storage.objects.list'];
const OBJECT_ADMIN = [
  ...OBJECT_VIEW,
  ...['create', 'delete', 'update'].map((v) => `storage.objects.${v}`),
];
const STORAGE_ADMIN = [
  ...OBJECT_ADMIN,
  ...['create', 'delete', 'get', 'getIamPolicy', 'list', 'setIamPolicy', 'update'].map(
    (verb) => `storage.buckets.${verb}`,
  ),
];
const PUBSUB_ADMIN = [
  ...['attachSubscription', 'create', 'delete', 'get', 'list', 'publish'].map(
    (v) => `pubsub.topics.${v}`,
  ),
  ...['consume', 'create', 'delete', 'get', 'getIamPolicy', 'list', 'setIamPolicy'].map(
    (v) => `pubsub.subscriptions.${v}`,
  ),
];
const LOG_READ = ['logging.logEntries.list', 'logging.logs.list', 'logging.views.access'];

const EVERYTHING = [
  ...SECRET_ADMIN,
  ...ACCOUNT_ADMIN,
  'iam.serviceAccounts.actAs',
  ...INSTANCE_ADMIN,
  ...PROJECT_READ,
  ...PROJECT_IAM,
  ...SERVICE_READ,
  'serviceusage.services.enable',
  'serviceusage.services.disable',
  'serviceusage.services.use',
  ...STORAGE_ADMIN,
  ...PUBSUB_ADMIN,
  ...LOG_READ,
  'logging.logEntries.create',
  ...SETUP_PERMISSIONS,
];

const PREDEFINED: Readonly<Record<string, readonly string[]>> = {
  ...SETUP_ROLES,
  'roles/owner': EVERYTHING,
  // Editors change everything but IAM, and read no secret's value.
  'roles/editor': EVERYTHING.filter(
    (permission) =>
      !permission.endsWith('setIamPolicy') && permission !== 'secretmanager.versions.access',
  ),
  'roles/viewer': [
    ...SECRET_READ,
    ...VERSION_READ,
    ...ACCOUNT_READ,
    ...CATALOGUE_READ,
    ...INSTANCE_READ,
    'compute.disks.get',
    'compute.disks.list',
    ...PROJECT_READ,
    ...SERVICE_READ,
    'storage.buckets.list',
    ...LOG_READ,
  ],
  'roles/browser': [...PROJECT_READ, 'resourcemanager.projects.getIamPolicy'],

  'roles/secretmanager.admin': [...SECRET_ADMIN, ...PROJECT_READ],
  'roles/secretmanager.secretAccessor': ['secretmanager.versions.access', ...PROJECT_READ],
  'roles/secretmanager.secretVersionAdder': ['secretmanager.versions.add', ...PROJECT_READ],
  'roles/secretmanager.secretVersionManager': [...VERSION_MANAGE, ...PROJECT_READ],
  'roles/secretmanager.viewer': [
    ...SECRET_READ,
    ...VERSION_READ,
    'secretmanager.secrets.getIamPolicy',
    ...PROJECT_READ,
  ],

  'roles/iam.serviceAccountAdmin': [...ACCOUNT_ADMIN, ...PROJECT_READ],
  'roles/iam.serviceAccountCreator': [
    'iam.serviceAccounts.create',
    ...ACCOUNT_READ,
    ...PROJECT_READ,
  ],
  'roles/iam.serviceAccountDeleter': [
    'iam.serviceAccounts.delete',
    ...ACCOUNT_READ,
    ...PROJECT_READ,
  ],
  'roles/iam.serviceAccountUser': ['iam.serviceAccounts.actAs', ...ACCOUNT_READ, ...PROJECT_READ],
  'roles/iam.serviceAccountTokenCreator': TOKEN_CREATOR,
  'roles/iam.serviceAccountViewer': [
    ...ACCOUNT_READ,
    'iam.serviceAccounts.getIamPolicy',
    ...PROJECT_READ,
  ],
  'roles/resourcemanager.projectIamAdmin': [...PROJECT_READ, ...PROJECT_IAM],

  'roles/compute.admin': INSTANCE_ADMIN,
  'roles/compute.instanceAdmin.v1': [...INSTANCE_ADMIN, ...PROJECT_READ],
  'roles/compute.instanceAdmin': [...INSTANCE_ADMIN, ...PROJECT_READ],
  'roles/compute.viewer': [
    ...CATALOGUE_READ,
    ...INSTANCE_READ,
    ...IMAGE_READ.slice(0, 3),
    'compute.disks.get',
    'compute.disks.list',
    ...NETWORK_USE.filter((permission) => !permission.includes('.use')),
    ...PROJECT_READ,
  ],
  'roles/compute.networkUser': [...NETWORK_USE, ...PROJECT_READ],
  'roles/compute.imageUser': [...IMAGE_READ, ...PROJECT_READ],

  'roles/storage.admin': [...STORAGE_ADMIN, ...PROJECT_READ],
  'roles/storage.objectAdmin': [...OBJECT_ADMIN, ...PROJECT_READ],
  'roles/storage.objectCreator': ['storage.objects.create', ...PROJECT_READ],
  'roles/storage.objectViewer': [...OBJECT_VIEW, ...PROJECT_READ],
  'roles/storage.objectUser': [...OBJECT_ADMIN, ...PROJECT_READ],
  'roles/storage.legacyBucketReader': ['storage.buckets.get', 'storage.objects.list'],

  'roles/pubsub.subscriber': ['pubsub.subscriptions.consume', 'pubsub.topics.attachSubscription'],

  'roles/logging.logWriter': ['logging.logEntries.create'],
  'roles/logging.viewAccessor': ['logging.views.access'],
  'roles/logging.viewer': [...LOG_READ, ...PROJECT_READ],

  'roles/serviceusage.serviceUsageAdmin': [
    ...SERVICE_READ,
    'serviceusage.services.enable',
    'serviceusage.services.disable',
    'serviceusage.services.use',
  ],
  'roles/serviceusage.serviceUsageConsumer': [...SERVICE_READ, 'serviceusage.services.use'],
};

/**
 * The predefined roles plus a project's custom ones.
 * @param custom full role name (`projects/p/roles/x`) -> permissions
 */
export function createRoles(custom: Readonly<Record<string, readonly string[]>> = {}): Roles {
  const all = { ...PREDEFINED, ...custom };
  return new Map(Object.entries(all).map(([role, permissions]) => [role, new Set(permissions)]));
}
