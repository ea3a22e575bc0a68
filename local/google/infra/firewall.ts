/**
 * Who reaches whom under the firewall rules of a VPC network.
 * https://cloud.google.com/firewall/docs/firewalls#rule_evaluation
 */

import type { Resource } from '../../terraform/resources.ts';
import { asText, isCollection, isList, type Value } from '../../terraform/value.ts';

interface Traffic {
  /** `all`, `tcp`, ... */
  readonly protocol: string;
  /** `443`, `8000-9000`; empty: every port. */
  readonly ports: readonly string[];
}

export interface FirewallRule {
  readonly name: string;
  readonly direction: 'INGRESS' | 'EGRESS';
  readonly priority: number;
  readonly action: 'allow' | 'deny';
  /** CIDR ranges of the other side. */
  readonly ranges: readonly string[];
  readonly traffic: readonly Traffic[];
}

export interface Packet {
  readonly direction: FirewallRule['direction'];
  /** IPv4 address of the other side. */
  readonly peer: string;
  readonly protocol: string;
  readonly port: number;
}

/** Always reachable, whatever the rules: https://cloud.google.com/firewall/docs/firewalls#alwaysallowed */
const METADATA_SERVER = '169.254.169.254';

const texts = (value: Value | undefined): readonly string[] =>
  isList(value) ? value.map(asText) : [];

function ruleOf({ values, address }: Resource): FirewallRule {
  const action = values.allow === undefined ? 'deny' : 'allow';
  const blocks = values[action];
  const direction = values.direction === 'EGRESS' ? 'EGRESS' : 'INGRESS';
  const ranges = texts(values[direction === 'EGRESS' ? 'destination_ranges' : 'source_ranges']);
  if (!isList(blocks) || ranges.length === 0) throw new Error(`${address} matches nothing`);
  return {
    name: asText(values.name ?? ''),
    direction,
    priority: Number(values.priority ?? 1000),
    action,
    ranges,
    traffic: blocks.filter(isCollection).map((block) => ({
      protocol: asText(block.protocol ?? ''),
      ports: texts(block.ports),
    })),
  };
}

/** The rules that a Terraform plan declares. */
export const firewallRules = (resources: readonly Resource[]): readonly FirewallRule[] =>
  resources.filter(({ type }) => type === 'google_compute_firewall').map(ruleOf);

const number = (address: string): number =>
  address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

function inRange(address: string, range: string): boolean {
  const [base = '', bits = '32'] = range.split('/');
  const size = 2 ** (32 - Number(bits));
  return Math.floor(number(address) / size) === Math.floor(number(base) / size);
}

function inPorts(port: number, ports: readonly string[]): boolean {
  if (ports.length === 0) return true;
  return ports.some((each) => {
    const [from = '', to = from] = each.split('-');
    return port >= Number(from) && port <= Number(to);
  });
}

const matches = (rule: FirewallRule, packet: Packet): boolean =>
  rule.direction === packet.direction &&
  rule.ranges.some((range) => inRange(packet.peer, range)) &&
  rule.traffic.some(
    ({ protocol, ports }) =>
      protocol === 'all' || (protocol === packet.protocol && inPorts(packet.port, ports)),
  );

/** The matching rule with the smallest number decides; of equal ones a deny. Without any, Google lets out and not in. */
export function isAllowed(rules: readonly FirewallRule[], packet: Packet): boolean {
  if (packet.direction === 'EGRESS' && packet.peer === METADATA_SERVER) return true;
  const matching = rules.filter((rule) => matches(rule, packet));
  const best = Math.min(...matching.map(({ priority }) => priority));
  const deciding = matching.filter(({ priority }) => priority === best);
  if (deciding.length === 0) return packet.direction === 'EGRESS';
  return deciding.every(({ action }) => action === 'allow');
}
