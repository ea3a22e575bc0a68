/** `agent status [--json]`: how this agent is, for its owner and for who repairs it. */

import type { VmStatus } from '../../contracts/instance-metadata.ts';
import { type Facts, parseFacts } from '../core/facts.ts';
import { GATEWAY_PORT, type Layout } from '../core/layout.ts';
import { gatewayAnswers } from '../gateway.ts';
import type { Host } from '../host.ts';
import { lastStatus } from '../status.ts';

interface StatusView {
  readonly agent: string;
  readonly state: VmStatus['state'] | 'unknown';
  readonly reason?: string;
  readonly key: NonNullable<VmStatus['key']> | 'unknown';
  readonly provider: Facts['provider'];
  readonly configVersion: string;
  /** True when the gateway answers its probe right now. */
  readonly gateway: boolean;
}

const KEY_TEXT: Readonly<Record<StatusView['key'], string>> = {
  own: 'its own API key',
  shared: "the organisation's shared API key",
  none: 'no API key',
  unknown: 'an API key not known yet',
};

export async function statusCommand(host: Host, layout: Layout, json: boolean): Promise<number> {
  const facts = parseFacts(host.read(layout.facts));
  const last = lastStatus(host, layout);
  const view: StatusView = {
    agent: facts.agent,
    state: last?.state ?? 'unknown',
    ...(last?.reason !== undefined && { reason: last.reason }),
    key: last?.key ?? 'unknown',
    provider: facts.provider,
    configVersion: facts.configVersion,
    gateway: await gatewayAnswers(host, GATEWAY_PORT),
  };
  const lines = [
    `Agent ${view.agent}: ${view.state}${view.reason === undefined ? '' : ` (${view.reason})`}`,
    `Runs on ${KEY_TEXT[view.key]} (${view.provider}); config version ${view.configVersion}.`,
    `The gateway ${view.gateway ? 'answers' : 'does not answer'}.`,
  ];
  process.stdout.write(json ? `${JSON.stringify(view)}\n` : `${lines.join('\n')}\n`);
  return 0;
}
