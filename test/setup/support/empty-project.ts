/** A Google Cloud project as an admin finds it on day one: billed, owned, empty. And gcloud to reach it. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDeployTools, type DeployTools } from '../../../local/google/deploy.ts';
import { gcloudEnv } from '../../../local/google/env.ts';
import { type Google, startGoogle } from '../../../local/google/google.ts';
import type { Delegation } from '../../../local/google/oauth.ts';
import { DELEGATED_SCOPES, LOCAL, PLANE_ACCOUNT } from '../../../local/plane/settings.ts';
import { forkGcloud } from './gcloud-forks.ts';

export interface EmptyProject {
  readonly google: Google;
  readonly tools: DeployTools;
  /** What the Workspace admin has granted; a test may take it away and give it back. */
  readonly delegations: Delegation[];
  /** Holds the settings and gcloud's own folder. */
  readonly folder: string;
  /** For setup.sh and teardown.sh, on top of PATH and HOME. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Another such project, of the same owner. */
export const CELL = { id: 'nine30-two', number: '223456789012', name: 'Nine30, the second' };

export const SETTINGS = `
project = "${LOCAL.project.id}"
zone = "${LOCAL.zone}"
domains = ["${LOCAL.domain}"]
admins = ["${LOCAL.admin}"]
viewers = ["${LOCAL.viewer}"]
mail_from = "${LOCAL.mailFrom}"
`;

/** @param roles of the admin in the project */
export async function openEmptyProject(
  settings = SETTINGS,
  roles: readonly string[] = ['roles/owner'],
): Promise<EmptyProject> {
  let tools: DeployTools | undefined;
  const delegations: Delegation[] = [{ serviceAccount: PLANE_ACCOUNT, scopes: DELEGATED_SCOPES }];
  const google = await startGoogle({
    projects: [LOCAL.project, CELL],
    users: [{ primaryEmail: LOCAL.admin, isAdmin: true }, LOCAL.viewer, ...LOCAL.users],
    delegations,
    images: [
      {
        project: LOCAL.project.id,
        name: 'image-1',
        family: LOCAL.imageFamily,
        diskSizeGb: 10,
        createdAt: 0,
      },
    ],
    subnetworks: [LOCAL.network],
    stageMs: 2,
    services: (world, { storage, tasks }) => {
      tools = createDeployTools(world, storage, tasks);
      return tools.services;
    },
  });
  const folder = await mkdtemp(join(tmpdir(), 'agents-plane-setup-test-'));
  for (const role of roles) {
    for (const { id } of [LOCAL.project, CELL]) {
      google.world.iam.grant(`projects/${id}`, role, [`user:${LOCAL.admin}`]);
    }
  }
  const tokenFile = join(folder, 'token');
  const { accessToken } = google.tokens.access(`user:${LOCAL.admin}`);
  await writeFile(tokenFile, accessToken, { mode: 0o600 });
  await writeFile(join(folder, 'plane.toml'), settings);
  const { PATH = '', HOME = '' } = process.env;
  const forks = await forkGcloud(folder, PATH);
  const gcloud = gcloudEnv({
    restUrl: google.restUrl,
    grpcPort: google.grpcPort,
    project: LOCAL.project.id,
    tokenFile,
    gcloudConfig: join(folder, 'gcloud'),
  });
  return {
    google,
    tools: tools as DeployTools,
    delegations,
    folder,
    env: {
      PATH: forks.path,
      HOME,
      ...gcloud,
      // Setup waits half an hour for the Workspace admin; a test does not.
      DELEGATION_TRIES: '1',
      CLOUDSDK_CORE_ACCOUNT: LOCAL.admin,
      CLOUDSDK_AUTH_TOKEN_HOST: `${google.restUrl}/token`,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_ADMIN: `${google.restUrl}/`,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_GMAIL: `${google.restUrl}/`,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN: `${google.restUrl}/`,
    },
    async close() {
      await forks.close();
      await google.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
