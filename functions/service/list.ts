/**
 * `GET /v1/agents`: a page of agents in at most three calls for 500 of them. Records come from the
 * config secrets' annotations, VMs and failures from Compute Engine's own lists (decision 090).
 */

import type { AgentList, AgentState, ListedAgent } from '../../contracts/agent.ts';
import { PlaneError } from '../../contracts/errors.ts';
import { type AgentName, configSecretId, instanceName } from '../../contracts/names.ts';
import { readDocument } from '../core/document.ts';
import { agentIn, inFilters, MAY_HAVE_FAILED, statusIn } from '../core/listed.ts';
import type { Observed, OperationState, SecretState } from '../core/observed.ts';
import { ANNOTATION_SUMMARY, parseSummary, type Summary, summaryOf } from '../core/summary.ts';
import { acrossCells, noSuchPage } from './cells.ts';
import { each } from './each.ts';
import type { ListedInstance } from './ports.ts';
import { resourceOf } from './resource.ts';
import type { Tools } from './steps.ts';
import { machinesOf } from './zone.ts';

export const LIST_PAGE_MAX = 5_000;
const LIST_PAGE = 500;

export interface ListPage {
  readonly size?: number | undefined;
  /** Google's own, base64url. */
  readonly token?: string | undefined;
  readonly state?: AgentState | undefined;
}

interface Row {
  readonly name: AgentName;
  readonly secret: SecretState;
  readonly summary: Summary;
}

export const listFleet = (cells: readonly Tools[], page: ListPage): Promise<AgentList> =>
  acrossCells(cells, page.token, (cell, token) => listAgents(cell, { ...page, token }));

/** With a filter, a page may hold fewer agents than its size, and be followed by another. */
async function listAgents(tools: Tools, page: ListPage): Promise<AgentList> {
  const { size = LIST_PAGE, token, state } = page;
  const { records, next } = await recordsAt(tools, size, token);
  const ours = records.flatMap(({ id, secret }) => {
    const name = agentIn(id, secret);
    return name ? [{ name, secret }] : [];
  });
  const rows = await summarized(tools, ours);
  const agents = (await withMachines(tools, rows)).filter((it) => !state || it.state === state);
  const sorted = agents.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return { agents: sorted, ...(next === undefined ? {} : { nextPageToken: encode(next) }) };
}

/** @throws PlaneError INVALID_ARGUMENT for a token that Google does not know */
async function recordsAt({ listing }: Tools, size: number, token: string | undefined) {
  try {
    return await listing.records(size, decode(token));
  } catch (error) {
    const theirs = error instanceof PlaneError && error.code === 'INVALID_ARGUMENT';
    if (token === undefined || !theirs) throw error;
    throw noSuchPage();
  }
}

const encode = (token: string): string => Buffer.from(token).toString('base64url');
const decode = (token: string | undefined): string | undefined =>
  token === undefined ? undefined : Buffer.from(token, 'base64url').toString();

/** A record that no verb has touched since summaries are written is read the long way. */
async function summarized(
  tools: Tools,
  records: readonly Omit<Row, 'summary'>[],
): Promise<readonly Row[]> {
  const rows = await each(records, async (record): Promise<Row | undefined> => {
    const known = parseSummary(record.secret.annotations[ANNOTATION_SUMMARY]);
    if (known) return { ...record, summary: known };
    const latest = await tools.secrets.latest(configSecretId(record.name));
    const document = readDocument(latest?.payload);
    // Without a document that can be read it is no agent, only what is left of one.
    return document && { ...record, summary: summaryOf(document) };
  });
  return rows.filter((row) => row !== undefined);
}

async function withMachines(tools: Tools, rows: readonly Row[]): Promise<readonly ListedAgent[]> {
  const filters = inFilters(rows.map(({ name }) => name));
  const found = await Promise.all(filters.map((names) => tools.listing.instances(names)));
  const machines = new Map(found.flat().map((instance) => [instance.name, instance]));
  const zoneOf = ({ name, secret }: Row): string =>
    machines.get(instanceName(name))?.zone ?? machinesOf(tools.machines, secret).zone;
  const show = (row: Row, operation?: OperationState) =>
    listed(tools, row, zoneOf(row), machines.get(instanceName(row.name)), operation);
  const shown = rows.map((row) => show(row));
  if (!shown.some(({ state }) => MAY_HAVE_FAILED.has(state))) return shown;
  // Nearly always one: the plane's.
  const ill = rows.filter((_, index) => MAY_HAVE_FAILED.has(shown[index]?.state ?? 'ready'));
  const zones = [...new Set(ill.map(zoneOf))];
  const failures = new Map<string, OperationState>();
  await each(zones, async (zone) => {
    for (const { agent, operation } of await tools.listing.failures(zone)) {
      const key = `${zone}/${agent}`;
      if (!failures.has(key)) failures.set(key, operation);
    }
  });
  return rows.map((row) => show(row, failures.get(`${zoneOf(row)}/${row.name}`)));
}

function listed(
  tools: Tools,
  { name, secret, summary }: Row,
  zone: string,
  instance: ListedInstance | undefined,
  operation: OperationState | undefined,
): ListedAgent {
  const observed: Observed = {
    configSecret: secret,
    instance,
    operation,
    zone,
    guestStatus: statusIn(secret),
  };
  const now = tools.clock.now();
  const { configVersion: _, ...rest } = resourceOf(name, summary, observed, tools, now);
  return rest;
}
