/** Where an XMPP server listens for components, and whether that is on the open net. */
import { BlockList, isIPv6 } from "node:net";

/** Host and port of a service like `xmpps://host:5348`; an IPv6 address without its brackets. */
export function endpointOf(service: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(service);
  return { host: hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}

/** Loopback, private and link-local ranges, none of which is routed on the open net. */
const privateRanges = new BlockList();
const ranges4: readonly (readonly [string, number])[] = [
  ["127.0.0.0", 8],
  // RFC 1918 §3
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  // RFC 3927
  ["169.254.0.0", 16],
];
const ranges6: readonly (readonly [string, number])[] = [
  ["::1", 128],
  // RFC 4193
  ["fc00::", 7],
  // RFC 4291 §2.5.6
  ["fe80::", 10],
];
for (const [net, bits] of ranges4) privateRanges.addSubnet(net, bits, "ipv4");
for (const [net, bits] of ranges6) privateRanges.addSubnet(net, bits, "ipv6");

/** Whether an address is loopback, private or link-local; an IPv4 address in IPv6 form counts as what it is. */
export function isPrivateAddress(address: string): boolean {
  // A zone (fe80::1%eth0) says which link, not which address.
  const bare = address.replace(/%.*$/, "");
  return privateRanges.check(bare, isIPv6(bare) ? "ipv6" : "ipv4");
}
