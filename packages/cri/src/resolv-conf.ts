import type { DNSConfig } from "@flotilla/rpc/gen/cri/v1/api.ts";

/** resolv.conf(5) of a pod; undefined when nothing was asked for. */
export function resolvConf(dns: DNSConfig | undefined): string | undefined {
  if (!dns || (dns.servers.length === 0 && dns.searches.length === 0 && dns.options.length === 0)) return undefined;
  const lines = dns.searches.length > 0 ? [`search ${dns.searches.join(" ")}`] : [];
  for (const server of dns.servers) lines.push(`nameserver ${server}`);
  if (dns.options.length > 0) lines.push(`options ${dns.options.join(" ")}`);
  return `${lines.join("\n")}\n`;
}
