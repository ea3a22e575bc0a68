/** infra/ with the settings filled in: inputs, outputs, and a hash that says whether it has changed. */

import { createHash } from 'node:crypto';
import { cellFiles, infraFiles } from '../../local/plane/infra.ts';
import { planModule } from '../../local/terraform/module.ts';
import { requiredVersion } from '../../local/terraform/version.ts';
import { regionOf, type Settings } from './settings.ts';

export type Inputs = Readonly<Record<string, string | number | boolean>>;

/** A module of Terraform, with what it is applied with. */
export interface Root {
  readonly files: Readonly<Record<string, string>>;
  readonly inputs: Inputs;
}

/**
 * @param apiUrl empty until the functions are deployed
 * @param cells comma list of the numbers of the other projects that hold agents
 */
const inputsOf = (all: Settings, apiUrl: string, cells = ''): Inputs => ({
  project: all.project,
  region: regionOf(all),
  admins: all.admins.join(','),
  viewers: all.viewers.join(','),
  api_url: apiUrl,
  alert_email: all.alert_email,
  audit_days: all.audit_days,
  billing_account: all.billing_account,
  budget_usd: all.budget_usd,
  kms: all.kms,
  sync: all.directory_as !== '',
  generation: all.generation,
  cells,
});

export const planeRoot = (all: Settings, apiUrl: string, cells = ''): Root => ({
  files: infraFiles(),
  inputs: inputsOf(all, apiUrl, cells),
});

/** Of a project that holds agents besides the plane's own. */
export const cellRoot = (all: Settings, cell: string): Root => ({
  files: cellFiles(),
  inputs: {
    project: cell,
    region: regionOf(all),
    plane_account: outputsOf(all).plane,
    alert_email: all.alert_email,
    audit_days: all.audit_days,
    generation: all.generation,
  },
});

/** What Terraform says it makes; facts that only Google knows are left out. */
export function outputsOf(all: Settings): {
  bucket: string;
  subnetwork: string;
  plane: string;
  build: string;
  queue: string;
  tasks: string;
  scheduler: string;
  signerRole: string;
  auditBucket: string;
} {
  const { outputs } = planModule({
    files: infraFiles(),
    inputs: inputsOf(all, ''),
    facts: { project: all.project, projectNumber: '0', uniqueIdOf: () => '' },
  });
  return {
    bucket: String(outputs.bucket),
    subnetwork: String(outputs.subnetwork),
    plane: String(outputs.plane_account),
    queue: String(outputs.queue),
    tasks: String(outputs.tasks_account),
    scheduler: String(outputs.scheduler_account),
    signerRole: String(outputs.signer_role),
    auditBucket: String(outputs.audit_bucket),
    build: String(outputs.build_account).replace(/^.*\//, ''),
  };
}

/** `=1.5.7`: what Infrastructure Manager is asked for, as infra/versions.tf says. */
export const terraformVersion = ({ files }: Root): string =>
  requiredVersion(files).replaceAll(' ', '');

/** A `.tfvars` file. JSON's strings are Terraform's, but for templates: those are escaped. */
export const tfvars = (inputs: Inputs): string =>
  Object.entries(inputs)
    .map(([name, value]) => `${name} = ${JSON.stringify(value).replaceAll('${', '$${')}\n`)
    .join('');

/** 12 hex digits over parts in their order: fits a label. */
export function hashOf(parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex').slice(0, 12);
}

export const infraHash = ({ files, inputs }: Root): string =>
  hashOf([...Object.entries(files).sort().flat(), tfvars(inputs)]);
