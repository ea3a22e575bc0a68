/** `agent status [--json]`: how this agent is, for its owner and for who repairs it. */

import { GATEWAY_PORT } from '../../contracts/gateway.ts';
import type { VmStatus } from '../../contracts/instance-metadata.ts';
import type { Pairing } from '../../contracts/pairing.ts';
import type { UsageAnswer } from '../../contracts/vm-api.ts';
import { type Facts, parseFacts } from '../core/facts.ts';
import type { Layout } from '../core/layout.ts';
import { type BudgetState, parseBudget } from '../core/meter.ts';
import { osName } from '../core/os-release.ts';
import { OWN_UNITS } from '../core/units.ts';
import { gatewayAnswers } from '../gateway.ts';
import type { Host } from '../host.ts';
import { lastStatus } from '../status.ts';
import { unitStates } from '../systemd.ts';

interface UnitView {
  readonly unit: string;
  /** `active (running)`, `active (waiting)`, `inactive`, ...; `unknown` when systemd does not say. */
  readonly state: string;
}

export interface StatusView {
  readonly agent: string;
  readonly state: VmStatus['state'] | 'unknown';
  readonly reason?: string;
  readonly key: NonNullable<VmStatus['key']> | 'unknown';
  readonly provider: Facts['provider'];
  readonly configVersion: string;
  /** This month's money, as the plane last counted it; undefined before the first report. */
  readonly budget?: UsageAnswer;
  /** True when the gateway answers its probe right now. */
  readonly gateway: boolean;
  /** How the WhatsApp link is; left out where nothing is linked from this machine. */
  readonly whatsapp?: Pick<Pairing, 'state' | 'failures' | 'retryAt' | 'wrongPhone'>;
  /** The operating system's own name for itself. */
  readonly os: string;
  /** Bootstrap's units; a template (`agents-plane-broker@`) shows in its socket. */
  readonly units: readonly UnitView[];
  /** Absolute paths of what the last bootstrap wrote. */
  readonly files: readonly string[];
}

const KEY_TEXT: Readonly<Record<StatusView['key'], string>> = {
  own: 'its own API key',
  shared: "the organisation's shared API key",
  none: 'no API key',
  unknown: 'an API key not known yet',
};

const LINK_TEXT: Readonly<Record<Pairing['state'], string>> = {
  idle: 'is not linked yet',
  starting: 'is not linked yet; a code is on its way',
  qr: 'is not linked yet; a code is on the pairing page',
  linked: 'is linked',
  expired: 'is not linked; nobody scanned the last code',
  paused: 'is not linked; linking rests after failures in a row',
  'logged-out': 'was logged out and has to be linked again',
};

function linkView(host: Host, layout: Layout): Pick<StatusView, 'whatsapp'> {
  const text = host.read(layout.pairingCopy);
  if (text === undefined) return {};
  const { state, failures, retryAt, wrongPhone } = JSON.parse(text) as Pairing;
  const rest = { ...(retryAt !== undefined && { retryAt }), ...(wrongPhone && { wrongPhone }) };
  return { whatsapp: { state, failures, ...rest } };
}

async function unitViews(host: Host): Promise<UnitView[]> {
  try {
    const states = await unitStates(host, OWN_UNITS);
    return states.map(({ name, active, sub }) => ({
      unit: name,
      state: active === 'active' && sub !== '' ? `active (${sub})` : active,
    }));
  } catch {
    return OWN_UNITS.map((unit) => ({ unit, state: 'unknown' }));
  }
}

function budgetView(state: BudgetState | undefined): { budget?: UsageAnswer } {
  if (state === undefined) return {};
  const { month, usd, limit, withdrawn } = state;
  return { budget: { month, usd, limit, withdrawn } };
}

const budgetText = ({ month, usd, limit, withdrawn }: UsageAnswer): string =>
  `Spent $${usd.toFixed(2)} of $${limit.toFixed(2)} in ${month}` +
  `${withdrawn ? ': the shared API key is withdrawn until the month ends or the budget is raised' : ''}.`;

function linkText({ state, retryAt, wrongPhone }: NonNullable<StatusView['whatsapp']>): string {
  const text = `WhatsApp ${LINK_TEXT[state]}${retryAt === undefined ? '' : ` (until ${retryAt})`}.`;
  if (wrongPhone === undefined) return text;
  const whose =
    wrongPhone.scanned === undefined ? '' : ` (its number ends in ${wrongPhone.scanned})`;
  return `${text} Another phone scanned${whose}, and was unlinked: it must be the one that ends in ${wrongPhone.expected}.`;
}

/** @throws PlaneError FAILED_PRECONDITION when the machine was never bootstrapped. */
export async function readStatus(host: Host, layout: Layout): Promise<StatusView> {
  const facts = parseFacts(host.read(layout.facts));
  const last = lastStatus(host, layout);
  const [gateway, units] = await Promise.all([gatewayAnswers(host, GATEWAY_PORT), unitViews(host)]);
  return {
    agent: facts.agent,
    state: last?.state ?? 'unknown',
    ...(last?.reason !== undefined && { reason: last.reason }),
    key: last?.key ?? 'unknown',
    provider: facts.provider,
    configVersion: facts.configVersion,
    ...budgetView(parseBudget(host.read(layout.budget))),
    gateway,
    ...linkView(host, layout),
    // The machine's, also where a directory stands in for `/`.
    os: osName(host.read('/etc/os-release') ?? ''),
    units,
    files: JSON.parse(host.read(layout.fileList) ?? '[]') as string[],
  };
}

export async function statusCommand(host: Host, layout: Layout, json: boolean): Promise<number> {
  const view = await readStatus(host, layout);
  const lines = [
    `Agent ${view.agent}: ${view.state}${view.reason === undefined ? '' : ` (${view.reason})`}`,
    `Runs on ${KEY_TEXT[view.key]} (${view.provider}); config version ${view.configVersion}.`,
    ...(view.budget === undefined ? [] : [budgetText(view.budget)]),
    `The gateway ${view.gateway ? 'answers' : 'does not answer'}.`,
    ...(view.whatsapp === undefined ? [] : [linkText(view.whatsapp)]),
    `${view.os}; units:`,
    ...view.units.map(({ unit, state }) => `  ${unit}: ${state}`),
  ];
  process.stdout.write(json ? `${JSON.stringify(view)}\n` : `${lines.join('\n')}\n`);
  return 0;
}
