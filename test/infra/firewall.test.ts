/** Who reaches whom under infra/firewall.tf, by Google's rules of evaluation. */

import { firewallRules, isAllowed, type Packet } from '../../local/google/infra/firewall.ts';
import { infraFiles, planInfra } from '../../local/plane/infra.ts';

const rules = firewallRules(planInfra().resources);
const packet = (text: string): Packet => {
  const [direction, peer = '', protocol = '', port] = text.split(' ');
  return { direction: direction as Packet['direction'], peer, protocol, port: Number(port) };
};

test.each([
  ['EGRESS 199.36.153.8 tcp 443', 'Google'],
  ['EGRESS 157.240.1.60 tcp 443', 'WhatsApp'],
  ['EGRESS 169.254.169.254 tcp 80', 'the metadata server'],
  ['INGRESS 35.235.240.7 tcp 22', "an admin's SSH through IAP"],
])('allowed: %s (%s)', (text) => {
  expect(isAllowed(rules, packet(text))).toBe(true);
});

test.each([
  ['EGRESS 10.128.0.9 tcp 443', "another agent's VM, even by HTTPS"],
  ['EGRESS 10.128.63.254 tcp 22', "another agent's VM at the end of the subnet"],
  ['EGRESS 93.184.215.14 tcp 25', 'a mail server'],
  ['EGRESS 93.184.215.14 tcp 80', 'plain HTTP'],
  ['EGRESS 8.8.8.8 udp 53', 'a foreign name server'],
  ['INGRESS 10.128.0.9 tcp 18789', "an agent's gateway from another VM"],
  ['INGRESS 10.128.0.9 icmp 0', 'a ping from another VM'],
  ['INGRESS 93.184.215.14 tcp 22', 'SSH from the internet'],
  ['INGRESS 35.235.240.7 tcp 18789', 'another port through IAP'],
])('denied: %s (%s)', (text) => {
  expect(isAllowed(rules, packet(text))).toBe(false);
});

test('at equal priority a deny wins over an allow: the rules would shut everybody out', () => {
  const files = infraFiles();
  const flat = (files['firewall.tf'] ?? '').replace(/priority( *)= \d+/g, 'priority$1= 1000');
  const equal = firewallRules(planInfra({ ...files, 'firewall.tf': flat }).resources);
  expect(isAllowed(equal, packet('EGRESS 199.36.153.8 tcp 443'))).toBe(false);
  expect(isAllowed(equal, packet('INGRESS 35.235.240.7 tcp 22'))).toBe(false);
});

test('no two rules of one direction share a priority unless they agree', () => {
  const actions = Map.groupBy(rules, ({ direction, priority }) => `${direction} ${priority}`);
  for (const [place, group] of actions) {
    expect([place, new Set(group.map(({ action }) => action)).size]).toEqual([place, 1]);
  }
});
