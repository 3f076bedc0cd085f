import net from "node:net";
import type { NetworkInterfaceInfo } from "node:os";

/**
 * This machine's addresses that serve node ports. `nodePortAddresses` as upstream's
 * flag: CIDRs to choose from, or "primary" for `nodeIP` alone; empty means all.
 * Service addresses never count: they are local to every machine.
 */
export function nodePortAddresses(
  interfaces: Record<string, NetworkInterfaceInfo[] | undefined>,
  options: { nodePortAddresses: readonly string[]; serviceCIDR: string | undefined; nodeIP: string | undefined },
): string[] {
  const all = Object.values(interfaces)
    .flatMap((list) => list ?? [])
    .filter((i) => !i.address.startsWith("fe80:"))
    .map((i) => i.address);
  const own = new Set(all.filter((ip) => !options.serviceCIDR || !inCIDR(ip, options.serviceCIDR)));
  if (options.nodePortAddresses.includes("primary")) return options.nodeIP ? [options.nodeIP] : [...own].sort();
  if (options.nodePortAddresses.length === 0) return [...own].sort();
  return [...own].filter((ip) => options.nodePortAddresses.some((cidr) => inCIDR(ip, cidr))).sort();
}

/** @throws Error when `cidr` is none. */
export function inCIDR(ip: string, cidr: string): boolean {
  const [base, bits] = cidr.split("/");
  const family = net.isIPv6(base!) ? "ipv6" : "ipv4";
  const list = new net.BlockList();
  list.addSubnet(base!, Number(bits), family);
  return list.check(ip, net.isIPv6(ip) ? "ipv6" : "ipv4") && (net.isIPv6(ip) ? "ipv6" : "ipv4") === family;
}
