/** What commands print: answers on standard output, what to do next on standard error. */

import { createRequire } from 'node:module';
import { type Command, Option } from 'commander';
import { coloursFor } from '../ui/colours.ts';

export const FORMATS = ['table', 'yaml', 'json'] as const;
export type Format = (typeof FORMATS)[number];

/** The library is read when YAML is printed: it is a sixth of what any other command starts with. */
function yaml(value: unknown): string {
  const { stringify } = createRequire(import.meta.url)('yaml') as typeof import('yaml');
  return stringify(value);
}

export const print = (value: unknown, json: boolean | undefined): void => {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : yaml(value));
};

export interface Asked {
  readonly json?: boolean;
  readonly output?: string;
}

/** Prints a value as JSON or YAML to whoever asked for one of them. @returns whether anybody did */
export function printAsked(value: unknown, { json, output }: Asked): boolean {
  if (!json && output !== 'yaml') return false;
  print(value, json);
  return true;
}

/** `-o yaml|json` of every command that has `--json`, which is short for one of them. */
export function addFormats(command: Command): void {
  const has = (long: string): boolean => command.options.some((option) => option.long === long);
  if (has('--json') && !has('--output')) {
    command.addOption(new Option('-o, --output <format>', 'how').choices(['yaml', 'json']));
    command.hook('preAction', (_program, action) => {
      if (action.opts().output === 'json') action.setOptionValue('json', true);
    });
  }
  for (const each of command.commands) addFormats(each);
}

/** A line for a person; machines read standard output. */
export const hint = (line: string): void => {
  process.stderr.write(coloursFor(process.stderr).dim(`${line}\n`));
};

/** Columns as wide as their widest cell, two spaces between; the last one is not padded. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [head, ...rows].map((cells) => `${line(cells)}\n`).join('');
}
