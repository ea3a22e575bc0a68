/** What the pairing page does: looking, and asking the agent's VM for a code. */

import type { WhatsappMode } from '../../contracts/config-document.ts';
import { PlaneError } from '../../contracts/errors.ts';
import { type AgentName, configSecretId } from '../../contracts/names.ts';
import { METADATA_PAIRING_REQUEST } from '../../contracts/pairing.ts';
import type { PairingView } from '../../contracts/pairing-page.ts';
import { isOurs } from '../core/foreign.ts';
import type { InstanceState, Observed, SecretState } from '../core/observed.ts';
import { type LinkClaims, readLink } from '../core/pairing-link.ts';
import { deadLink, newRequestId, stillGood, viewOf } from '../core/pairing-view.ts';
import { ANNOTATION_SUMMARY, parseSummary } from '../core/summary.ts';
import { settle } from './observe.ts';
import type { Clock, Machines, Secrets } from './ports.ts';
import { onConflict } from './retry.ts';
import { machinesOf } from './zone.ts';

/** What a page looks at in the project that the agent is in. */
export interface PageCell {
  readonly secrets: Secrets;
  readonly machines: Machines;
}

export interface PageTools {
  readonly of: (agent: AgentName) => Promise<PageCell>;
  readonly clock: Clock;
  /** @throws PlaneError NOT_FOUND while no link was ever given out */
  readonly linkKey: () => Promise<string>;
  /** A fresh random id. */
  readonly newId: () => string;
}

export interface Visit {
  readonly view: PairingView;
  /** Undefined when the link is nobody's. */
  readonly agent?: AgentName;
  /** Of that agent, as its summary says; undefined where that cannot be read. */
  readonly mode?: WhatsappMode | undefined;
}

const NOBODYS: Visit = { view: { state: 'dead', why: 'unknown' } };

async function claimsOf(tools: PageTools, token: string): Promise<LinkClaims | undefined> {
  try {
    return readLink(await tools.linkKey(), token);
  } catch (error) {
    if (error instanceof PlaneError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

/** As much of what `observe` sees as a page needs; of an agent in another zone, in two waves. */
async function glance({ secrets, machines }: PageCell, name: AgentName): Promise<Observed> {
  const look = (at: Machines) => settle({ instance: at.instance(name), guest: at.guest(name) });
  const { secret, near } = await settle({
    secret: secrets.get(configSecretId(name)),
    near: look(machines),
  });
  const configSecret = secret && isOurs(secret.labels, name) ? secret : undefined;
  const there = machinesOf(machines, configSecret);
  const { instance, guest } = there === machines ? near : await look(there);
  const { zone } = there;
  return { configSecret, instance, zone, guestStatus: guest.status, pairing: guest.pairing };
}

/** What a page knows from before. */
export interface Known {
  /** The code that it shows already: while that is good, the VM is not asked. */
  readonly code?: string | undefined;
  /** The request that it has made. */
  readonly asked?: string | undefined;
}

const modeIn = (secret: SecretState | undefined): WhatsappMode | undefined =>
  parseSummary(secret?.annotations[ANNOTATION_SUMMARY])?.whatsapp.mode;

/** Looks, and changes nothing. */
export async function visit(
  tools: PageTools,
  token: string,
  { code, asked }: Known = {},
): Promise<Visit> {
  const claims = await claimsOf(tools, token);
  if (!claims) return NOBODYS;
  const { agent } = claims;
  const cell = await tools.of(agent);
  const good = stillGood(code, tools.clock.now());
  if (good) {
    const secret = await cell.secrets.get(configSecretId(agent));
    const dead = deadLink(claims, secret?.annotations, tools.clock.now());
    return { agent, view: dead ?? good, mode: modeIn(secret) };
  }
  const observed = await glance(cell, agent);
  const view = viewOf(claims, observed, tools.clock.now(), asked);
  return { agent, view, mode: modeIn(observed.configSecret) };
}

/**
 * Asks the VM for a code, unless one is there, on its way, or not to be had. However many ask
 * at once, the metadata's fingerprint lets one of them write.
 */
export async function askForCode(tools: PageTools, token: string): Promise<Visit> {
  const claims = await claimsOf(tools, token);
  if (!claims) return NOBODYS;
  const { agent } = claims;
  const cell = await tools.of(agent);
  const view = await onConflict(tools.clock, async (): Promise<PairingView> => {
    const observed = await glance(cell, agent);
    const seen = viewOf(claims, observed, tools.clock.now());
    if (seen.state !== 'idle' || !observed.instance) return seen;
    const request = newRequestId(tools.clock.now(), tools.newId());
    const { instance, zone = cell.machines.zone } = observed;
    await writeRequest(cell.machines.at(zone), agent, instance, request);
    return { state: 'working', request };
  });
  return { agent, view };
}

async function writeRequest(
  machines: Machines,
  name: AgentName,
  { metadata, metadataFingerprint }: InstanceState,
  request: string,
): Promise<void> {
  const changed = { ...metadata, [METADATA_PAIRING_REQUEST]: request };
  await machines.setMetadata(name, changed, metadataFingerprint);
}
