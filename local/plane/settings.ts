/** The organisation that the local plane plays: one project, one Workspace domain. */

export const LOCAL = {
  project: { id: 'nine30-local', number: '123456789012', name: 'Nine30 (local)' },
  region: 'europe-west1',
  zone: 'europe-west1-b',
  domain: 'nine30.com',
  admin: 'admin@nine30.com',
  viewer: 'viewer@nine30.com',
  /** Workspace users besides: the first owner, the sender of the plane's mail. */
  users: ['allison@nine30.com', 'bo@nine30.com', 'agents@nine30.com'],
  mailFrom: 'agents@nine30.com',
  phoneRegion: 'US',
  bucket: 'nine30-local-agents-plane',
  /** The VM-facing function, as machines know it. */
  vmHost: 'plane.agents-plane.internal',
  /** A signal-cli daemon that somebody in the organisation runs, behind TLS. */
  signalHost: 'signal-cli.nine30.com',
  planeAccountId: 'agents-plane',
  network: 'agents-plane',
  imageFamily: 'agents-plane',
} as const;

export const PLANE_ACCOUNT = `${LOCAL.planeAccountId}@${LOCAL.project.id}.iam.gserviceaccount.com`;
/** What Cloud Tasks calls the plane as, and the queue. */
export const TASKS_ACCOUNT = `agents-plane-tasks@${LOCAL.project.id}.iam.gserviceaccount.com`;
export const QUEUE = `projects/${LOCAL.project.id}/locations/${LOCAL.region}/queues/agents-plane-bulk`;
export const SCHEDULER_ACCOUNT = `agents-plane-scheduler@${LOCAL.project.id}.iam.gserviceaccount.com`;
export const PLANE_ROLE = `projects/${LOCAL.project.id}/roles/agentsPlane`;
/** What the plane may do to what carries a name of ours. */
export const FLEET_ROLE = `projects/${LOCAL.project.id}/roles/agentsPlaneFleet`;
export const SUBNETWORK = `projects/${LOCAL.project.id}/regions/${LOCAL.region}/subnetworks/${LOCAL.network}`;
export const IMAGE = `projects/${LOCAL.project.id}/global/images/family/${LOCAL.imageFamily}`;

/** Scopes that the Workspace admin delegates to the plane's account, and no more: for mail, */
export const MAIL_SCOPES = [
  'https://www.googleapis.com/auth/gmail.send',
  'https://www.googleapis.com/auth/gmail.readonly',
  'https://www.googleapis.com/auth/gmail.modify',
  'https://www.googleapis.com/auth/gmail.insert',
] as const;

/** and to look people up. */
export const DIRECTORY_SCOPE = 'https://www.googleapis.com/auth/admin.directory.user.readonly';

export const DELEGATED_SCOPES = [...MAIL_SCOPES, DIRECTORY_SCOPE] as const;

/** Google's host names that machines call. */
export const GOOGLE_HOSTS = [
  'secretmanager.googleapis.com',
  'storage.googleapis.com',
  'logging.googleapis.com',
  'oauth2.googleapis.com',
  'iamcredentials.googleapis.com',
  'compute.googleapis.com',
  'pubsub.googleapis.com',
  'cloudresourcemanager.googleapis.com',
  'iam.googleapis.com',
  'www.googleapis.com',
] as const;
