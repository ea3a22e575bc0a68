/** Values that several tests of the control plane share. */

import { createHash } from 'node:crypto';
import { type ConfigDocument, configDocument } from '../../contracts/config-document.ts';
import { type AgentName, agentName } from '../../contracts/names.ts';
import type { InstanceSettings } from '../../functions/core/instance.ts';

export const PROJECT = 'nine30-local';
export const ALLISON: AgentName = agentName.parse('allison');

export const DOCUMENT: ConfigDocument = configDocument.parse({
  user: 'allison@nine30.com',
  userPhone: '+15551234567',
  model: 'claude-opus-4-6',
  budget: 50,
  whatsappNumber: '+15559876543',
});

export const ENVIRONMENT = {
  AGENTS_PLANE_PROJECT: PROJECT,
  AGENTS_PLANE_ZONE: 'europe-west1-b',
  AGENTS_PLANE_DOMAINS: 'nine30.com',
  AGENTS_PLANE_ADMINS: 'admin@nine30.com',
  AGENTS_PLANE_VIEWERS: 'viewer@nine30.com',
  // As Google's are, with a path.
  AGENTS_PLANE_AUDIENCE: 'https://functions.agents-plane.internal/agents-plane-api',
  AGENTS_PLANE_VM_URL: 'https://functions.agents-plane.internal/agents-plane-vm',
  AGENTS_PLANE_PAGES_URL: 'https://functions.agents-plane.internal/agents-plane-pages',
  AGENTS_PLANE_MAIL_FROM: 'agents@nine30.com',
  AGENTS_PLANE_SCHEDULER: `agents-plane-scheduler@${PROJECT}.iam.gserviceaccount.com`,
  AGENTS_PLANE_DIRECTORY_AS: 'admin@nine30.com',
  AGENTS_PLANE_PHONE_REGION: 'US',
  AGENTS_PLANE_SERVICE_ACCOUNT: `agents-plane@${PROJECT}.iam.gserviceaccount.com`,
  AGENTS_PLANE_QUEUE: `projects/${PROJECT}/locations/europe-west1/queues/agents-plane-bulk`,
  AGENTS_PLANE_TASKS_ACCOUNT: `agents-plane-tasks@${PROJECT}.iam.gserviceaccount.com`,
  AGENTS_PLANE_IMAGE: `projects/${PROJECT}/global/images/family/agents-plane`,
  AGENTS_PLANE_SUBNETWORK: 'regions/europe-west1/subnetworks/agents',
  AGENTS_PLANE_BUNDLE: 'gs://nine30-local-agents-plane/agent.mjs',
  AGENTS_PLANE_BUNDLE_SHA256: 'a'.repeat(64),
};

/** The path within function `pages` of one of its addresses: what it is asked for, below its own. */
export const pagePath = (url: string): string =>
  new URL(url).pathname.replace(new URL(ENVIRONMENT.AGENTS_PLANE_PAGES_URL).pathname, '');

export const SETTINGS: InstanceSettings = {
  project: PROJECT,
  zone: 'europe-west1-b',
  image: ENVIRONMENT.AGENTS_PLANE_IMAGE,
  machineType: 'e2-medium',
  subnetwork: ENVIRONMENT.AGENTS_PLANE_SUBNETWORK,
  bundle: ENVIRONMENT.AGENTS_PLANE_BUNDLE,
  bundleSha256: ENVIRONMENT.AGENTS_PLANE_BUNDLE_SHA256,
  vmUrl: ENVIRONMENT.AGENTS_PLANE_VM_URL,
  vmEndpoints: {},
  startupScript: '#!/bin/bash\n',
};

/** A phone of one's own for each name: two agents are never linked to the same one. */
export function phoneOf(name: string): string {
  const digest = createHash('sha256').update(name).digest().readUInt32BE();
  return `+1555${String(digest % 10_000_000).padStart(7, '0')}`;
}
