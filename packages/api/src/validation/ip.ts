/** IP addresses and networks as text. */

const IPV4 = /^(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/;

export interface Network {
  readonly bits: 32 | 128;
  readonly address: bigint;
  readonly prefix: number;
}

/** The address as a number, undefined when it is none. */
export function parseIp(text: string): { bits: 32 | 128; value: bigint } | undefined {
  if (IPV4.test(text)) return { bits: 32, value: fold(text.split(".").map(Number), 8n) };
  const groups = ipv6Groups(text);
  return groups && { bits: 128, value: fold(groups, 16n) };
}

const fold = (parts: readonly number[], width: bigint): bigint => parts.reduce((sum, part) => (sum << width) | BigInt(part), 0n);

function ipv6Groups(text: string): number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2 || !text.includes(":")) return undefined;
  const [head, tail] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const last = (tail ?? head)!;
  // The end may be an IPv4 address: ::ffff:10.0.0.1.
  const embedded = last.at(-1);
  if (embedded?.includes(".")) {
    if (!IPV4.test(embedded)) return undefined;
    const [a, b, c, d] = embedded.split(".").map(Number) as [number, number, number, number];
    last.splice(-1, 1, (a * 256 + b).toString(16), (c * 256 + d).toString(16));
  }
  const count = head!.length + (tail?.length ?? 0);
  if (tail ? count > 7 : count !== 8) return undefined;
  const all = [...head!, ...Array.from({ length: 8 - count }, () => "0"), ...(tail ?? [])];
  return all.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group)) ? all.map((group) => Number.parseInt(group, 16)) : undefined;
}

export function parseCidr(text: string): Network | undefined {
  const [ip = "", prefix = "", ...more] = text.split("/");
  const parsed = parseIp(ip);
  if (!parsed || more.length > 0 || !/^\d{1,3}$/.test(prefix) || Number(prefix) > parsed.bits) return undefined;
  const host = BigInt(parsed.bits - Number(prefix));
  return { bits: parsed.bits, address: (parsed.value >> host) << host, prefix: Number(prefix) };
}

export const INVALID_IP = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
export const INVALID_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

export const ipErrors = (text: string): string[] => (parseIp(text) ? [] : [INVALID_IP]);
export const cidrErrors = (text: string): string[] => (parseCidr(text) ? [] : [INVALID_CIDR]);

const SPECIAL: readonly [networks: string[], problem: string][] = [
  [["0.0.0.0/32", "::/128"], "may not be unspecified (0.0.0.0 or ::)"],
  [["127.0.0.0/8", "::1/128"], "may not be in the loopback range (127.0.0.0/8, ::1/128)"],
  [["169.254.0.0/16", "fe80::/10"], "may not be in the link-local range (169.254.0.0/16, fe80::/10)"],
  [["224.0.0.0/24", "ff02::/16"], "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"],
];

/** Addresses that nobody else can reach, or that mean a node itself: no place to send a service's traffic to. */
export function specialIpErrors(text: string): string[] {
  const ip = parseIp(text);
  if (!ip) return [INVALID_IP];
  return SPECIAL.filter(([networks]) => networks.some((network) => liesIn(ip, parseCidr(network)!))).map(([, problem]) => problem);
}

function liesIn(ip: { bits: 32 | 128; value: bigint }, network: Network): boolean {
  const host = BigInt(network.bits - network.prefix);
  return ip.bits === network.bits && ip.value >> host === network.address >> host;
}

/** Whether `inner` lies within `outer` and is smaller. */
export function isStrictSubset(inner: Network, outer: Network): boolean {
  const host = BigInt(outer.bits - outer.prefix);
  return inner.bits === outer.bits && inner.prefix > outer.prefix && inner.address >> host === outer.address >> host;
}
