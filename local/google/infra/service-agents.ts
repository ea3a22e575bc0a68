/**
 * Cloud Storage's own account in a project is made when somebody asks for it, or when a bucket is made. Until then
 * nothing can be granted to it, though its name is known.
 * https://cloud.google.com/storage/docs/projects#service-agents
 */

import type { Plan } from '../../terraform/module.ts';
import { asText } from '../../terraform/value.ts';
import { GoogleError } from '../service.ts';

const AGENT = /^serviceAccount:(service-\d+@gs-project-accounts\.iam\.gserviceaccount\.com)$/;

/** In a fresh project. @throws GoogleError INVALID_ARGUMENT in Google's words */
export function refuseUnknownAgents({ resources, data }: Plan): void {
  if (data.some(({ type }) => type === 'google_storage_project_service_account')) return;
  for (const { address, values } of resources) {
    const [, agent] = AGENT.exec(asText(values.member ?? '')) ?? [];
    if (agent === undefined) continue;
    const why = `Error 400: Service account ${agent} does not exist., badRequest`;
    throw new GoogleError('INVALID_ARGUMENT', `${address}: ${why}`);
  }
}
