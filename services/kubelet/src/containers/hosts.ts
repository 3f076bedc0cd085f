import type { Pod } from "@flotilla/api";

const HEADER = "# Kubernetes-managed hosts file";

/** The /etc/hosts of a pod's containers; a pod of the host's network gets the host's with its aliases. */
export function hostsFile(pod: Pod, ips: readonly string[], hostname: string, domain: string | undefined, hostFile: string): string {
  const aliases = (pod.spec?.hostAliases ?? [])
    .filter((a) => a.ip && a.hostnames?.length)
    .map((a) => `${a.ip}\t${a.hostnames!.join("\t")}`);
  const tail = aliases.length ? `\n# Entries added by HostAliases.\n${aliases.join("\n")}\n` : "";
  if (pod.spec?.hostNetwork) return `${HEADER} (host network).\n${hostFile}${tail}`;
  const lines = [
    `${HEADER}.`,
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    "fe00::0\tip6-localnet",
    "fe00::0\tip6-mcastprefix",
    "fe00::1\tip6-allnodes",
    "fe00::2\tip6-allrouters",
    ...ips.map((ip) => (domain ? `${ip}\t${hostname}.${domain}\t${hostname}` : `${ip}\t${hostname}`)),
  ];
  return `${lines.join("\n")}\n${tail}`;
}

/** Hostname and, where the pod names a subdomain, the domain of its full name. */
export function hostnameOf(pod: Pod, nodeName: string, clusterDomain: string): { hostname: string; domain?: string } {
  if (pod.spec?.hostNetwork) return { hostname: nodeName };
  const hostname = (pod.spec?.hostname ?? pod.metadata.name!).slice(0, 63).replace(/[-.]+$/, "");
  if (!pod.spec?.subdomain) return { hostname };
  return { hostname, domain: `${pod.spec.subdomain}.${pod.metadata.namespace}.svc.${clusterDomain}` };
}
