// SPDX-License-Identifier: Apache-2.0
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { failure, success, type Result } from '@signet/model';

// What the API server refuses in an EndpointSlice (ValidateEndpointIP), for sources that have no API server.
const unroutable = new BlockList();
unroutable.addAddress('0.0.0.0', 'ipv4');
unroutable.addSubnet('127.0.0.0', 8, 'ipv4');
unroutable.addSubnet('169.254.0.0', 16, 'ipv4');
unroutable.addSubnet('224.0.0.0', 24, 'ipv4');
unroutable.addAddress('::', 'ipv6');
unroutable.addAddress('::1', 'ipv6');
unroutable.addSubnet('fe80::', 10, 'ipv6');
unroutable.addSubnet('ff02::', 16, 'ipv6');

/**
 * The one spelling of an IP address, so that equal addresses are equal texts. An IPv4 address in IPv6 clothes becomes IPv4;
 * what not every reader understands in the same way (leading zeros, zones) is no address.
 */
export function canonicalAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const compressed = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(compressed);
  if (mapped === null) return compressed;
  const words = [mapped[1], mapped[2]].map((word) => Number.parseInt(word ?? '', 16));
  return words.flatMap((word) => [word >> 8, word & 255]).join('.');
}

/** The address of an endpoint in its one spelling, or why it cannot be one. */
export function endpointAddress(text: string): Result<string, string> {
  const address = canonicalAddress(text);
  if (address === undefined) return failure('is not an IP address');
  if (unroutable.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')) return failure('leads to no other pod');
  return success(address);
}
