/**
 * Which Terraform a module may be applied with.
 * https://developer.hashicorp.com/terraform/language/expressions/version-constraints
 */

import { evaluate } from './evaluate.ts';
import { readBlocks } from './module.ts';
import { asText, TerraformError } from './value.ts';

const NOTHING = {
  lookup: (name: string): never => {
    throw new TerraformError(`nothing may be called in required_version, not ${name}`);
  },
  files: { read: (): never => NOTHING.lookup('a file') },
};

/** `required_version` of a module, like `= 1.5.7`. Empty: any. */
export function requiredVersion(files: Readonly<Record<string, string>>): string {
  const blocks = readBlocks(files).filter(({ type }) => type === 'terraform');
  const [required] = blocks.flatMap(({ body }) => body.attributes.get('required_version') ?? []);
  return required ? asText(evaluate(required, NOTHING)) : '';
}

const ORDER = new Intl.Collator('en', { numeric: true });
const KNOWN: Readonly<Record<string, (order: number) => boolean>> = {
  '': (order) => order === 0,
  '=': (order) => order === 0,
  '>=': (order) => order >= 0,
  '<': (order) => order < 0,
};

/** @param constraints a comma list. @throws TerraformError for an operator that is not known here */
export const allows = (constraints: string, version: string): boolean =>
  constraints
    .split(',')
    .map((each) => /^\s*([^\d\s]*)\s*([\d.]+)\s*$/.exec(each) ?? [each, each, ''])
    .every(([, operator = '', wanted = '']) => {
      const test = KNOWN[operator];
      if (!test) throw new TerraformError(`constraint ${constraints} is not known here`);
      return test(ORDER.compare(version, wanted));
    });
