/** A file of people for `import`: CSV with a header line, or JSON. */

import { CsvError, parse } from 'csv-parse/sync';
import { z } from 'zod';
import { PlaneError, type Problem } from '../../contracts/errors.ts';
import { numberOr } from './whatsapp-options.ts';

export interface Row {
  /** `line 7`, as an editor counts; `entry 7` of JSON. */
  readonly at: string;
  /** As it goes to the plane, which checks it. */
  readonly person: Readonly<Record<string, unknown>>;
}

type Put = (cell: string) => Readonly<Record<string, unknown>>;
const as =
  (field: string): Put =>
  (cell) => ({ [field]: cell });

const amount: Put = (cell) => ({ budget: numberOr(cell) });

/** Columns of a CSV file: the request's own fields, and the CLI's names of two of them. */
const COLUMNS: Readonly<Record<string, Put>> = {
  user: as('user'),
  userPhone: as('userPhone'),
  phone: as('userPhone'),
  whatsappNumber: as('whatsappNumber'),
  mode: (cell) => ({ whatsapp: { mode: cell } }),
  askPhone: (cell) => ({ whatsapp: { askPhone: numberOr(cell) } }),
  model: as('model'),
  budget: amount,
  profile: as('profile'),
  timezone: as('timezone'),
};

const refused = (details: readonly Problem[]): PlaneError =>
  new PlaneError('INVALID_ARGUMENT', 'Nothing was done: the file cannot be used.', { details });

interface Line {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

function linesOf(text: string): readonly Line[] {
  try {
    const options = { bom: true, trim: true, skip_empty_lines: true, relax_column_count: true };
    return parse(text, { ...options, info: true }) as unknown as readonly Line[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const field = `line ${String((error as { lines?: unknown }).lines ?? '?')}`;
    const problem = 'is not CSV: a quote stands where none can';
    throw refused([{ field, problem, fix: 'write "" for a quote inside quotes' }]);
  }
}

/** Two columns are of `whatsapp`. */
function merged(given: readonly (Row['person'] | undefined)[]): Row['person'] {
  const whatsapp: object = Object.assign({}, ...given.map((each) => each?.whatsapp));
  const has = Object.keys(whatsapp).length > 0;
  return { ...Object.assign({}, ...given), ...(has && { whatsapp }) };
}

function csvRows(text: string): readonly Row[] {
  const [head, ...lines] = linesOf(text);
  const columns = head?.record ?? [];
  const problems: Problem[] = columns.flatMap((name, index) => {
    const fix = `name columns among ${Object.keys(COLUMNS).join(', ')}, each once`;
    const field = `line 1: column ${index + 1}`;
    if (!Object.hasOwn(COLUMNS, name))
      return [{ field, problem: 'has no name that is known', fix }];
    return columns.indexOf(name) < index ? [{ field, problem: 'is there twice', fix }] : [];
  });
  const rows = lines.map(({ record, info }): Row => {
    const at = `line ${info.lines}`;
    if (record.length !== columns.length) {
      const problem = `has ${record.length} cells, the header ${columns.length}`;
      problems.push({ field: at, problem, fix: 'give every column a cell, an empty one too' });
    }
    const given = columns.map((name, index) => {
      const cell = record[index] ?? '';
      return cell === '' ? {} : COLUMNS[name]?.(cell);
    });
    return { at, person: merged(given) };
  });
  if (problems.length > 0) throw refused(problems);
  return rows;
}

const person = z.record(z.string(), z.unknown());
const people = z.union([z.array(person), z.strictObject({ people: z.array(person) })]);

function jsonRows(text: string): readonly Row[] {
  const fix =
    'give a list of objects like {"user": "allison@nine30.com", "userPhone": "+15551234567"}';
  try {
    const read = people.parse(JSON.parse(text));
    const all = Array.isArray(read) ? read : read.people;
    return all.map((each, index) => ({ at: `entry ${index + 1}`, person: each }));
  } catch {
    throw refused([{ field: 'file', problem: 'is not a JSON list of people', fix }]);
  }
}

/**
 * @param name of the file: what ends in `.json` is JSON
 * @throws PlaneError INVALID_ARGUMENT with everything that is wrong with the file as a file
 */
export function readPeopleFile(name: string, text: string): readonly Row[] {
  const rows = name.endsWith('.json') ? jsonRows(text) : csvRows(text);
  if (rows.length > 0) return rows;
  throw refused([
    { field: 'file', problem: 'has nobody in it', fix: 'give a line for each person' },
  ]);
}
