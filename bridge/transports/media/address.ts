/** Which addresses are the public internet's. Pure. https://www.iana.org/assignments/iana-ipv4-special-registry */

import { BlockList, isIP } from 'node:net';

const V4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const;
/** All that is not global unicast (2000::/3), and what hides an IPv4 address or is for documents. */
const V6 = [
  ['::', 3],
  ['4000::', 2],
  ['8000::', 1],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
] as const;

// Two lists: BlockList looks an IPv4 address up as an IPv6 one too, and ::/3 would hold all of them.
const special4 = new BlockList();
const special6 = new BlockList();
for (const [net, bits] of V4) special4.addSubnet(net, bits, 'ipv4');
for (const [net, bits] of V6) special6.addSubnet(net, bits, 'ipv6');

/** @param address IPv4 or IPv6; anything else is not public */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !special4.check(address, 'ipv4');
  return family === 6 && !special6.check(address, 'ipv6');
}
