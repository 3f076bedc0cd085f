/** Kubernetes' ip and cidr libraries (netip.Addr and netip.Prefix). */
import { EvaluationError } from "../errors.ts";
import { fn, type Library, method } from "../functions.ts";
import { Opaque } from "../values.ts";

const IP = "net.IP";
const CIDR = "net.CIDR";

interface Address {
  family: 4 | 6;
  bits: bigint;
}

class IpValue extends Opaque {
  override readonly typeName = IP;
  readonly address: Address;
  constructor(address: Address) {
    super();
    this.address = address;
  }
  override equals(other: Opaque): boolean {
    return other instanceof IpValue && other.address.family === this.address.family && other.address.bits === this.address.bits;
  }
}

class CidrValue extends Opaque {
  override readonly typeName = CIDR;
  readonly address: Address;
  readonly prefix: number;
  constructor(address: Address, prefix: number) {
    super();
    this.address = address;
    this.prefix = prefix;
  }
  override equals(other: Opaque): boolean {
    return (
      other instanceof CidrValue &&
      other.prefix === this.prefix &&
      other.address.family === this.address.family &&
      other.address.bits === this.address.bits
    );
  }
}

const width = ({ family }: Address): number => (family === 4 ? 32 : 128);

function parseIPv4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) return undefined;
  return parts.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);
}

function parseIPv6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const groups = halves.map((half) => (half === "" ? [] : half.split(":")));
  const last = groups.at(-1)!;
  const tail = last.at(-1);
  if (tail?.includes(".")) {
    const four = parseIPv4(tail);
    if (four === undefined) return undefined;
    last.splice(-1, 1, (four >> 16n).toString(16), (four & 0xffffn).toString(16));
  }
  const [head = [], rest = []] = groups;
  const missing = 8 - head.length - rest.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...head, ...Array.from({ length: halves.length === 2 ? missing : 0 }, () => "0"), ...rest];
  if (!all.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return all.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}

/** Neither zones nor IPv4-mapped addresses, as upstream's library has it. */
function parseAddress(text: string): Address | undefined {
  if (!text.includes(":")) {
    const bits = parseIPv4(text);
    return bits === undefined ? undefined : { family: 4, bits };
  }
  const bits = parseIPv6(text);
  return bits === undefined || bits >> 32n === 0xffffn ? undefined : { family: 6, bits };
}

/** The range, or what is wrong with it in the words of Go's netip. */
function readCidr(text: string): CidrValue | string {
  const slash = text.lastIndexOf("/");
  if (slash < 0) return "no '/'";
  const [address, length] = [text.slice(0, slash), text.slice(slash + 1)];
  const ip = parseAddress(address);
  if (!ip) return `ParseAddr(${JSON.stringify(address)}): unable to parse IP`;
  if (!/^(0|[1-9]\d{0,2})$/.test(length)) return `bad bits after slash: ${JSON.stringify(length)}`;
  return Number(length) > width(ip) ? "prefix length out of range" : new CidrValue(ip, Number(length));
}

function parseCidr(text: string): CidrValue | undefined {
  const range = readCidr(text);
  return typeof range === "string" ? undefined : range;
}

function ip(text: string): IpValue {
  const address = parseAddress(text);
  if (!address)
    throw new EvaluationError(
      `IP Address ${JSON.stringify(text)} parse error during conversion from string: ParseAddr(${JSON.stringify(text)}): unable to parse IP`,
    );
  return new IpValue(address);
}

function cidr(text: string): CidrValue {
  const range = readCidr(text);
  if (typeof range !== "string") return range;
  throw new EvaluationError(
    `network address parse error during conversion from string: netip.ParsePrefix(${JSON.stringify(text)}): ${range}`,
  );
}

/** RFC 5952 for IPv6. */
function addressText({ family, bits }: Address): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 255n).join(".");
  const groups = Array.from({ length: 8 }, (_, index) => ((bits >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  const runs = [...groups.join(":").matchAll(/(?<![0-9a-f])0(?::0)+(?![0-9a-f])/g)].sort(
    (a, b) => b[0].length - a[0].length || a.index - b.index,
  );
  const text = groups.join(":");
  const [longest] = runs;
  return longest
    ? `${text.slice(0, longest.index).replace(/:$/, "")}::${text.slice(longest.index + longest[0].length).replace(/^:/, "")}`
    : text;
}

function inRange(address: Address, range: string): boolean {
  const { address: base, prefix } = parseCidr(range)!;
  return base.family === address.family && masked(address, prefix) === masked(base, prefix);
}

const masked = (address: Address, prefix: number): bigint => address.bits >> BigInt(width(address) - prefix);
const isIn = (address: Address, ...ranges: string[]): boolean => ranges.some((range) => inRange(address, range));

function containsIp(range: CidrValue, { address }: IpValue): boolean {
  return range.address.family === address.family && masked(address, range.prefix) === masked(range.address, range.prefix);
}

const containsCidr = (outer: CidrValue, inner: CidrValue): boolean =>
  outer.prefix <= inner.prefix && containsIp(outer, new IpValue(inner.address));

function lowest({ address, prefix }: CidrValue): Address {
  return { family: address.family, bits: masked(address, prefix) << BigInt(width(address) - prefix) };
}

export const NETWORK: Library = [
  fn("ip", `string -> ${IP}`, ([text]) => ip(text)),
  fn("isIP", "string -> bool", ([text]) => parseAddress(text) !== undefined),
  fn("ip.isCanonical", "string -> bool", ([text]) => addressText(ip(text).address) === text),
  method("family", `${IP} -> int`, ([{ address }]) => BigInt(address.family)),
  method("isUnspecified", `${IP} -> bool`, ([{ address }]) => address.bits === 0n),
  method("isLoopback", `${IP} -> bool`, ([{ address }]) => isIn(address, "127.0.0.0/8", "::1/128")),
  method(
    "isLinkLocalMulticast",
    `${IP} -> bool`,
    ([{ address }]) => isIn(address, "224.0.0.0/24") || (address.family === 6 && ((address.bits >> 112n) & 0xff0fn) === 0xff02n),
  ),
  method("isLinkLocalUnicast", `${IP} -> bool`, ([{ address }]) => isIn(address, "169.254.0.0/16", "fe80::/10")),
  method("isGlobalUnicast", `${IP} -> bool`, ([{ address }]) => {
    const other = isIn(address, "127.0.0.0/8", "::1/128", "224.0.0.0/4", "ff00::/8", "169.254.0.0/16", "fe80::/10", "255.255.255.255/32");
    return address.bits !== 0n && !other;
  }),
  fn("cidr", `string -> ${CIDR}`, ([text]) => cidr(text)),
  fn("isCIDR", "string -> bool", ([text]) => parseCidr(text) !== undefined),
  method("containsIP", `${CIDR}, ${IP} -> bool`, ([range, address]) => containsIp(range, address)),
  method("containsIP", `${CIDR}, string -> bool`, ([range, text]) => containsIp(range, ip(text))),
  method("containsCIDR", `${CIDR}, ${CIDR} -> bool`, ([outer, inner]) => containsCidr(outer, inner)),
  method("containsCIDR", `${CIDR}, string -> bool`, ([outer, text]) => containsCidr(outer, cidr(text))),
  method("ip", `${CIDR} -> ${IP}`, ([{ address }]) => new IpValue(address)),
  method("masked", `${CIDR} -> ${CIDR}`, ([range]) => new CidrValue(lowest(range), range.prefix)),
  method("prefixLength", `${CIDR} -> int`, ([{ prefix }]) => BigInt(prefix)),
  fn("string", `${IP} -> string`, ([{ address }]) => addressText(address)),
  fn("string", `${CIDR} -> string`, ([{ address, prefix }]) => `${addressText(address)}/${prefix}`),
];
