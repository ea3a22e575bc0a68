/** infra/, the Terraform that setup applies, as the local organisation would apply it. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Plan, planModule } from '../terraform/module.ts';
import { LOCAL, PLANE_ACCOUNT } from './settings.ts';

const FOLDER = fileURLToPath(new URL('../../infra', import.meta.url));

/** What the functions run in, which is no resource of Terraform's: setup deploys them. */
const RUNTIME = 'runtime.json';

/** A module's files: what Terraform reads of its folder, and no more. */
function filesOf(folder: string): Record<string, string> {
  const files = [
    ...readdirSync(folder).filter((name) => /\.(tf|json)$/.test(name) && name !== RUNTIME),
    ...readdirSync(join(folder, 'roles')).map((name) => `roles/${name}`),
  ];
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}
export const infraFiles = (): Record<string, string> => filesOf(FOLDER);
/** Of the module for a project that holds agents besides the plane's own. */
export const cellFiles = (): Record<string, string> => filesOf(join(FOLDER, 'cell'));

/** Such a project. */
export interface CellProject {
  readonly id: string;
  /** Decimal. */
  readonly number: string;
}

/**
 * How much memory a function has, and what Node is told so that it stays within (docs/decisions/093):
 * the same where Google deploys it, on this machine, in tests and benchmarks.
 */
export const runtime = (): { readonly memory: string; readonly nodeOptions: string } =>
  JSON.parse(readFileSync(join(FOLDER, RUNTIME), 'utf8'));

export type FunctionName = 'api' | 'vm' | 'pages';

/** What infra/functions.json calls the function's service; its address ends in that, too. */
export const serviceOf = (name: FunctionName): string =>
  JSON.parse(readFileSync(join(FOLDER, 'functions.json'), 'utf8'))[name].service;

/**
 * @param files of infra/, or what a test made of them
 * @throws TerraformError
 */
export const planInfra = (
  files: Readonly<Record<string, string>> = infraFiles(),
  // Any URL: it says that the functions are deployed.
  apiUrl = 'https://api.invalid',
  cells: readonly CellProject[] = [],
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
      cells: cells.map(({ number }) => number).join(','),
    },
    facts: {
      project: LOCAL.project.id,
      projectNumber: LOCAL.project.number,
      uniqueIdOf: () => '',
    },
  });

/** @throws TerraformError */
export const planCell = (
  { id, number }: CellProject,
  files: Readonly<Record<string, string>> = cellFiles(),
): Plan =>
  planModule({
    files,
    inputs: { project: id, region: LOCAL.region, plane_account: PLANE_ACCOUNT },
    facts: { project: id, projectNumber: number, uniqueIdOf: () => '' },
  });
