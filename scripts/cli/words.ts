/** What the plane says of its API, in the words of the CLI. */

import type { Problem } from '../../contracts/errors.ts';
import { CLI } from '../../contracts/names.ts';

/** Query parameters that are options here. */
const OPTIONS: Readonly<Record<string, string>> = {
  'query.confirm': '--confirm',
  'query.since': '--since',
  'query.agent': '--agent',
  'query.state': '--state',
};

const FIXES: readonly (readonly [said: RegExp, here: string])[] = [
  [/^GET \/v1\/agents lists them$/, `${CLI} list shows them`],
  [
    /PATCH \/v1\/agents\/\{name\} with \{"whatsapp":\{"mode":"([\w-]+)"\}\}/,
    `${CLI} update NAME --mode $1`,
  ],
  [/the OpenAPI document at \/v1\/openapi\.json/, "the command's --help"],
];

/** `numbers.0` is the first that was typed. */
const fieldHere = (field: string): string =>
  OPTIONS[field] ?? field.replace(/^numbers\.(\d+)$/, (_, index) => `number ${Number(index) + 1}`);

export const inCommands = ({ field, problem, fix }: Problem): Problem => ({
  field: fieldHere(field),
  problem,
  fix: FIXES.reduce((text, [said, here]) => text.replace(said, here), fix),
});
