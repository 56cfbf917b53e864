// What kind of place a host is, told from its literal address or name: redirects must not lead from the open network
// into a private one, and never to the link-local addresses where clouds hand out credentials.
import { BlockList, isIP } from "node:net";

export type AddressClass = "public" | "private" | "loopback" | "link-local";

const subnets: readonly [AddressClass, string, number, "ipv4" | "ipv6"][] = [
  ["loopback", "127.0.0.0", 8, "ipv4"],
  ["loopback", "::1", 128, "ipv6"],
  ["link-local", "169.254.0.0", 16, "ipv4"],
  ["link-local", "fe80::", 10, "ipv6"],
  // the metadata services of AWS (IPv6) and Alibaba
  ["link-local", "fd00:ec2::254", 128, "ipv6"],
  ["link-local", "100.100.100.200", 32, "ipv4"],
  ["loopback", "0.0.0.0", 8, "ipv4"],
  ["loopback", "::", 128, "ipv6"],
  ["private", "10.0.0.0", 8, "ipv4"],
  ["private", "172.16.0.0", 12, "ipv4"],
  ["private", "192.168.0.0", 16, "ipv4"],
  ["private", "100.64.0.0", 10, "ipv4"],
  ["private", "fc00::", 7, "ipv6"],
  // set aside, for tests, for many at once: nothing that a file is fetched from
  ["private", "192.0.0.0", 24, "ipv4"],
  ["private", "198.18.0.0", 15, "ipv4"],
  ["private", "224.0.0.0", 3, "ipv4"],
  ["private", "fec0::", 10, "ipv6"],
  ["private", "ff00::", 8, "ipv6"],
  // IPv4 in IPv6 of old: tunnels, and translators of a network's own
  ["private", "::", 96, "ipv6"],
  ["private", "2001::", 32, "ipv6"],
  ["private", "64:ff9b:1::", 48, "ipv6"],
];

const blockLists = subnets.map(([kind, network, prefix, family]) => {
  const list = new BlockList();
  list.addSubnet(network, prefix, family);
  return [kind, list] as const;
});

/** Translators (RFC 6052) put the IPv4 address into the last 32 bits, 6to4 (RFC 3056) behind the first 16. */
const tunnelled = /^2002:([0-9a-f]{1,4}):([0-9a-f]{1,4}):/;
const translated = /^64:ff9b::(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,4})$/;

/** By the literal address; a name counts as public unless it is known not to be. No name is looked up. */
export function classifyHost(hostname: string): AddressClass {
  const host = hostname
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "")
    .toLowerCase();
  const version = isIP(host);
  if (version === 0) {
    if (host === "localhost" || host.endsWith(".localhost")) return "loopback";
    return host === "metadata.google.internal" ? "link-local" : "public";
  }
  const plain = version === 6 ? new URL(`http://[${host.split("%")[0]}]`).hostname.slice(1, -1) : host;
  const inner = translated.exec(plain) ?? tunnelled.exec(plain);
  if (inner) return classifyHost(decodeIpv4(inner[1] ?? "0", inner[2] ?? "0"));
  for (const [kind, list] of blockLists) {
    // BlockList sees IPv4 addresses written as IPv6 ("::ffff:10.0.0.1") as what they are.
    if (list.check(host, version === 4 ? "ipv4" : "ipv6")) return kind;
  }
  return "public";
}

function decodeIpv4(high: string, low: string): string {
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [a >> 8, a & 255, b >> 8, b & 255].join(".");
}
