import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';

/** Where a call may go: one address that was looked at, and the name that its certificate must carry. */
export interface Target {
  url: URL;
  address: string;
  port: number;
  isEncrypted: boolean;
}

/** Thrown for a place that must not be called; `code` goes on record, and tells nothing about our network. */
export class Forbidden extends Error {
  constructor(readonly code: 'url_refused' | 'address_refused' | 'host_not_found') {
    super(code);
  }
}

/** Finds the addresses of a host; tests bring their own. */
export type Resolve = (host: string) => Promise<string[]>;

const resolveByName: Resolve = async (host) => (await lookup(host, { all: true })).map(({ address }) => address);

// Everything that is not the public internet (the special-purpose registries of IANA).
const INNER = new BlockList();
for (
  const [network, prefix] of [
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
    ['172.16.0.0', 12],
    ['192.0.0.0', 24],
    ['192.0.2.0', 24],
    ['192.88.99.0', 24],
    ['192.168.0.0', 16],
    ['198.18.0.0', 15],
    ['198.51.100.0', 24],
    ['203.0.113.0', 24],
    ['224.0.0.0', 4],
    ['240.0.0.0', 4],
  ] as const
) INNER.addSubnet(network, prefix, 'ipv4');

// Of IPv6 only 2000::/3 is public, and of that not what wraps an IPv4 address or serves documentation.
const OUTER = new BlockList();
OUTER.addSubnet('2000::', 3, 'ipv6');
for (const [network, prefix] of [['2001::', 23], ['2001:db8::', 32], ['2002::', 16], ['3fff::', 20]] as const) {
  INNER.addSubnet(network, prefix, 'ipv6');
}

/** Whether an address is on the public internet. */
export function isPublic(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !INNER.check(address, 'ipv4');
    case 6:
      return !address.includes('%') && OUTER.check(address, 'ipv6') && !INNER.check(address, 'ipv6');
    default:
      return false;
  }
}

/**
 * The one address to call for a URL. Every address of the name must be public; the checked address is the one that is called,
 * so a DNS change in between has no effect. `allowed` hosts (with port) are called without this check.
 */
export async function targetOf(text: string, allowed: string[] = [], resolve = resolveByName): Promise<Target> {
  const url = URL.parse(text);
  if (!url || url.username || url.password) throw new Forbidden('url_refused');
  const isAllowed = allowed.includes(url.host);
  const isEncrypted = url.protocol === 'https:';
  if (!isEncrypted && !(isAllowed && url.protocol === 'http:')) throw new Forbidden('url_refused');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(host) ? [host] : await resolve(host).catch(() => []);
  if (addresses.length === 0) throw new Forbidden('host_not_found');
  if (!isAllowed && !addresses.every(isPublic)) throw new Forbidden('address_refused');
  return { url, address: addresses[0], port: Number(url.port || (isEncrypted ? 443 : 80)), isEncrypted };
}
