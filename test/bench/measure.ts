/** Small tools of the benchmarks: medians, and a table that puts each figure beside its rival. */

/** Each contender is run this often; the middle value counts. */
const RUNS = 7;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] =
    sorted.length % 2 === 0
      ? sorted.slice(middle - 1, middle + 1)
      : [sorted[middle], sorted[middle]];
  return (low + high) / 2;
}

/**
 * Runs the contenders in turn, round after round, so that a busy minute hits all of them.
 * @returns samples by contender
 */
export async function interleave<T>(
  contenders: Readonly<Record<string, () => Promise<T>>>,
  runs = RUNS,
): Promise<Record<string, T[]>> {
  const samples: Record<string, T[]> = {};
  for (let round = 0; round < runs; round++) {
    for (const [name, run] of Object.entries(contenders)) {
      const list = samples[name] ?? [];
      list.push(await run());
      samples[name] = list;
    }
  }
  return samples;
}

export interface Row {
  readonly what: string;
  readonly figures: readonly string[];
}

export function renderTable(title: string, head: readonly string[], rows: readonly Row[]): string {
  const table = [['', ...head], ...rows.map(({ what, figures }) => [what, ...figures])];
  const widths =
    table[0]?.map((_, column) => Math.max(...table.map((row) => (row[column] ?? '').length))) ?? [];
  const lines = table.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
  return [title, ...lines.map((line) => `  ${line}`), ''].join('\n');
}

export const ms = (value: number): string => `${value.toFixed(0)} ms`;
export const ratio = (value: number, base: number): string => `${(value / base).toFixed(2)} x`;
/** Says whether a target holds, in words that can be grepped. */
export const verdict = (holds: boolean): string => (holds ? 'holds' : 'MISSED');
