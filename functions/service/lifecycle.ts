/** The verbs over one agent: each is a change of what is wanted, and the rest is steer.ts. */

import type { Agent, PlanView } from '../../contracts/agent.ts';
import {
  CONFIG_VERSION,
  type ConfigDocument,
  isDeviceMode,
  newDocument,
} from '../../contracts/config-document.ts';
import { PlaneError } from '../../contracts/errors.ts';
import type { Life, Receipt, UpdateRequest } from '../../contracts/lifecycle.ts';
import { type AgentName, agentName } from '../../contracts/names.ts';
import { type AuditChange, changeBetween, facetsIn, facetsOf } from '../core/audit.ts';
import { refuseForOldVm } from '../core/old-vm.ts';
import { viewOf } from '../core/plan.ts';
import { ownedBy } from '../core/purge-plan.ts';
import { type Policy, parseBody, refuseBudget } from '../core/request.ts';
import { summaryOf } from '../core/summary.ts';
import { observe, takeInventory } from './observe.ts';
import type { Provisioned } from './provision.ts';
import { resourceOf } from './resource.ts';
import {
  type Change,
  documentIn,
  existing,
  notFound,
  planned,
  type Steered,
  steer,
} from './steer.ts';
import type { Tools } from './steps.ts';

export const stop: Change = existing(({ document, intent }) => ({
  document,
  intent: { ...intent, life: 'stopped' },
}));

export const start: Change = existing(({ document, intent }) => {
  if (isOutOfService(intent)) throw deprovisioned();
  return { document, intent: { ...intent, life: 'running' } };
});

/** @param id of this restart: the same id again is not another one */
export const restart = (id: string): Change =>
  existing(({ document, intent }) => {
    if (isOutOfService(intent)) throw deprovisioned();
    return { document, intent: { ...intent, life: 'running', boot: id } };
  });

/** A stopped agent stays without a VM until it is started. */
export const rebuild = (id: string): Change =>
  existing(({ document, intent }) => {
    if (isOutOfService(intent)) throw deprovisioned();
    return { document, intent: { ...intent, machine: id } };
  });

/** Whoever was revoked stays so: what was destroyed does not come back. */
export const deprovision: Change = existing(({ document, intent }) => ({
  document,
  intent: { ...intent, life: intent.life === 'revoked' ? 'revoked' : 'deprovisioned' },
}));

/** Its owner left. */
export const revoke: Change = existing(({ document, intent }) => ({
  document,
  intent: { ...intent, life: 'revoked' },
}));

/** As the directory says; back in service when it was out of it. */
export const followed = (name: AgentName, policy: Policy, fields: UpdateRequest): Change => {
  refuseBudget(policy, fields.budget);
  return existing((current) => ({
    document: patched(documentIn(name, current), fields),
    intent: {
      ...current.intent,
      life: isOutOfService(current.intent) ? 'running' : current.intent.life,
    },
  }));
};

const isOutOfService = ({ life }: { readonly life: Life }): boolean =>
  life === 'deprovisioned' || life === 'revoked';

/** What was asked for goes on: what reconcile wants. */
export const asRecorded: Change = (current, { configSecret }) => {
  if (!configSecret) throw notFound();
  return current;
};

/** @param bundleSha256 of the bundle that a VM gets at its next start */
export const update = (
  name: AgentName,
  policy: Policy,
  request: UpdateRequest,
  bundleSha256: string,
): Change => {
  refuseBudget(policy, request.budget);
  return existing((current, observed) => {
    const before = documentIn(name, current);
    const document = patched(before, request);
    refuseForOldVm(document, before, observed, bundleSha256);
    return { document, intent: current.intent };
  });
};

/** A mode without a phone behind it ends the asking of one, unless both are asked for, which is refused later. */
function whatsappAfter(
  before: ConfigDocument['whatsapp'],
  { whatsapp, whatsappNumber }: UpdateRequest,
) {
  const mode = whatsapp?.mode ?? (whatsappNumber === undefined ? before.mode : undefined);
  const kept = mode === undefined || isDeviceMode(mode) ? before.askPhone : undefined;
  const askPhone = whatsapp?.askPhone === undefined ? kept : (whatsapp.askPhone ?? undefined);
  const after = { ...(mode && { mode }), ...(askPhone !== undefined && { askPhone }) };
  // Without either, the mode follows from the number.
  return Object.keys(after).length > 0 ? after : undefined;
}

/**
 * The document with the given fields, under the same rules as a new one. A number that is given
 * or taken away changes the mode as it would in a new request, unless the mode is given too.
 */
function patched(document: ConfigDocument, request: UpdateRequest): ConfigDocument {
  const whatsapp = whatsappAfter(document.whatsapp, request);
  const merged = { ...document, ...request, whatsapp, version: CONFIG_VERSION };
  const { whatsappNumber, ...others } = merged;
  return parseBody(newDocument, whatsappNumber === null ? others : { ...others, whatsappNumber });
}

/** @throws PlaneError NOT_FOUND for what cannot be the name of an agent */
export function readName(text: string | undefined): AgentName {
  const name = agentName.safeParse(text).data;
  if (!name) throw notFound();
  return name;
}

/** Does what the change wants, or with `dryRun` says what it would take. @throws PlaneError */
export async function carryOut(
  tools: Tools,
  name: AgentName,
  change: Change,
  dryRun: boolean,
): Promise<Provisioned> {
  if (dryRun) {
    const { steps } = await planned(tools, name, change);
    return { kind: 'plan', plan: viewOf(name, steps) };
  }
  const steered = await steer(tools, name, change);
  return {
    kind: steered.steps.length > 0 ? 'changed' : 'unchanged',
    agent: agentOf(tools, name, steered),
    change: changeOf(steered),
  };
}

const changeOf = ({ before, desired }: Steered): AuditChange =>
  changeBetween(facetsIn(before), facetsOf(desired.document, desired.intent));

function agentOf(tools: Tools, name: AgentName, { desired, observed }: Steered): Agent {
  const { intent, document } = desired;
  const readable = documentIn(name, { document, intent });
  return resourceOf(name, summaryOf(readable), observed, tools, tools.clock.now());
}

/** Wanted whether or not there is an agent: something of it may be left. */
const gone: Change = ({ document, intent }) => ({
  document,
  intent: { ...intent, life: 'purged' },
});

export type Purged =
  | { readonly kind: 'plan'; readonly plan: PlanView }
  | { readonly kind: 'receipt'; readonly receipt: Receipt; readonly change: AuditChange };

/**
 * Removes everything that carries the agent's labels, and its account and rights; then looks
 * for what is left.
 * @throws PlaneError ABORTED when something is
 */
export async function purge(tools: Tools, name: AgentName, dryRun: boolean): Promise<Purged> {
  if (dryRun) {
    const { steps } = await planned(tools, name, gone);
    return { kind: 'plan', plan: viewOf(name, steps) };
  }
  const { desired, before } = await steer(tools, name, gone);
  const seen = await observe(tools, name);
  const left = ownedBy(desired, { ...seen, inventory: await takeInventory(tools, name) });
  if (left.length > 0) {
    throw new PlaneError('ABORTED', 'Something came back while it was removed. Send it again.');
  }
  const removed = ownedBy(desired, before);
  const at = new Date(tools.clock.now()).toISOString();
  const change = changeBetween(facetsIn(before), { life: 'purged' });
  return { kind: 'receipt', receipt: { agent: name, removed: [...removed], left: [], at }, change };
}

/** @throws PlaneError FAILED_PRECONDITION */
export function demandInService(intent: { readonly life: Life }): void {
  if (isOutOfService(intent)) throw deprovisioned();
}

const deprovisioned = (): PlaneError =>
  new PlaneError('FAILED_PRECONDITION', 'This agent is deprovisioned.', {
    details: [
      {
        field: 'name',
        problem: 'names an agent that was taken out of service',
        fix: 'provision it again: it comes back with everything it had',
      },
    ],
  });
