/** infra/, the Terraform that setup applies, as the local organisation would apply it. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Plan, planModule } from '../terraform/module.ts';
import { LOCAL } from './settings.ts';

const FOLDER = fileURLToPath(new URL('../../infra', import.meta.url));

/** The module's files: what Terraform reads of infra/, and no more. */
export function infraFiles(): Record<string, string> {
  const files = [
    ...readdirSync(FOLDER).filter((name) => /\.(tf|json)$/.test(name)),
    ...readdirSync(join(FOLDER, 'roles')).map((name) => `roles/${name}`),
  ];
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')]));
}

/**
 * @param files of infra/, or what a test made of them
 * @throws TerraformError
 */
export const planInfra = (
  files: Readonly<Record<string, string>> = infraFiles(),
  // Any URL: it says that the functions are deployed.
  apiUrl = 'https://api.invalid',
): Plan =>
  planModule({
    files,
    inputs: {
      project: LOCAL.project.id,
      region: LOCAL.region,
      admins: LOCAL.admin,
      viewers: LOCAL.viewer,
      api_url: apiUrl,
      sync: true,
    },
    facts: {
      project: LOCAL.project.id,
      projectNumber: LOCAL.project.number,
      uniqueIdOf: () => '',
    },
  });
