/** What commands print: answers on standard output, what to do next on standard error. */

import { stringify } from 'yaml';
import { coloursFor } from '../ui/colours.ts';

export const FORMATS = ['table', 'yaml', 'json'] as const;
export type Format = (typeof FORMATS)[number];

export const print = (value: unknown, json: boolean | undefined): void => {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : stringify(value));
};

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
