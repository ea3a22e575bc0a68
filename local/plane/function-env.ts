/** The environment of the plane's functions when Google is on this machine: configuration, no more. */

import type { Endpoints } from '../../contracts/instance-metadata.ts';
import { BUNDLE_OBJECT } from './seed.ts';
import {
  IMAGE,
  LOCAL,
  PLANE_ACCOUNT,
  QUEUE,
  SCHEDULER_ACCOUNT,
  SUBNETWORK,
  TASKS_ACCOUNT,
} from './settings.ts';

export interface FunctionEnvOptions {
  readonly apiUrl: string;
  /** The VM-facing function as machines reach it; audience of their tokens. */
  readonly vmUrl: string;
  /** The pages as people reach them. */
  readonly pagesUrl: string;
  /** Emulated REST APIs. */
  readonly googleUrl: string;
  /** `host:port` of the metadata server that speaks for the plane's account. */
  readonly metadataHost: string;
  /** Lower-case hex. */
  readonly bundleSha256: string;
  /** What machines find elsewhere than at its public address; empty with nspawn. */
  readonly vmEndpoints: Endpoints;
}

/** @param base PATH and the like, of the calling process */
export function functionEnv(
  options: FunctionEnvOptions,
  base: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return {
    ...(base.PATH ? { PATH: base.PATH } : {}),
    NODE_ENV: 'production',
    GCE_METADATA_HOST: options.metadataHost,
    GOOGLE_CLOUD_PROJECT: LOCAL.project.id,
    AGENTS_PLANE_PROJECT: LOCAL.project.id,
    AGENTS_PLANE_ZONE: LOCAL.zone,
    AGENTS_PLANE_DOMAINS: LOCAL.domain,
    AGENTS_PLANE_ADMINS: LOCAL.admin,
    AGENTS_PLANE_VIEWERS: LOCAL.viewer,
    AGENTS_PLANE_AUDIENCE: options.apiUrl,
    AGENTS_PLANE_VM_URL: options.vmUrl,
    AGENTS_PLANE_PAGES_URL: options.pagesUrl,
    AGENTS_PLANE_MAIL_FROM: LOCAL.mailFrom,
    AGENTS_PLANE_SCHEDULER: SCHEDULER_ACCOUNT,
    AGENTS_PLANE_DIRECTORY_AS: LOCAL.admin,
    AGENTS_PLANE_PHONE_REGION: LOCAL.phoneRegion,
    AGENTS_PLANE_SERVICE_ACCOUNT: PLANE_ACCOUNT,
    AGENTS_PLANE_QUEUE: QUEUE,
    AGENTS_PLANE_TASKS_ACCOUNT: TASKS_ACCOUNT,
    AGENTS_PLANE_IMAGE: IMAGE,
    AGENTS_PLANE_SUBNETWORK: SUBNETWORK,
    AGENTS_PLANE_BUNDLE: `gs://${LOCAL.bucket}/${BUNDLE_OBJECT}`,
    AGENTS_PLANE_BUNDLE_SHA256: options.bundleSha256,
    AGENTS_PLANE_GOOGLE_ENDPOINT: options.googleUrl,
    AGENTS_PLANE_VM_ENDPOINTS: JSON.stringify(options.vmEndpoints),
  };
}
