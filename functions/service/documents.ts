/** The documents of some agents, found without reading everybody's. */

import type { ConfigDocument } from '../../contracts/config-document.ts';
import { type AgentName, configSecretId } from '../../contracts/names.ts';
import { readDocument } from '../core/document.ts';
import { agentIn } from '../core/listed.ts';
import type { SecretState } from '../core/observed.ts';
import { ANNOTATION_SUMMARY, parseSummary, type Summary } from '../core/summary.ts';
import { each } from './each.ts';
import { everyRecord } from './every-record.ts';
import type { Tools } from './steps.ts';

/** An agent, as a list shows it. */
export interface Row {
  readonly cell: Tools;
  readonly name: AgentName;
  readonly secret: SecretState;
}

export interface Found extends Row {
  readonly document: ConfigDocument;
}

export async function rowsIn(cells: readonly Tools[]): Promise<readonly Row[]> {
  const rows = cells.map(async (cell) =>
    (await everyRecord(cell)).flatMap(({ id, secret }): Row[] => {
      const name = agentIn(id, secret);
      return name ? [{ cell, name, secret }] : [];
    }),
  );
  return (await Promise.all(rows)).flat();
}

/**
 * Summaries say where to look, as their numbers are masked; the documents decide.
 * @param isMeant by what a list shows; an agent of which it shows nothing is looked at as well
 */
export async function documentsWhere(
  rows: readonly Row[],
  isMeant: (summary: Summary) => boolean,
): Promise<readonly Found[]> {
  const meant = rows.filter(({ secret }) => {
    const summary = parseSummary(secret.annotations[ANNOTATION_SUMMARY]);
    return !summary || isMeant(summary);
  });
  const found = await each(meant, async (row): Promise<Found[]> => {
    const latest = await row.cell.secrets.latest(configSecretId(row.name));
    const document = readDocument(latest?.payload);
    return document ? [{ ...row, document }] : [];
  });
  return found.flat();
}
