import type { Pod } from "@flotilla/api";
import type { DNSConfig } from "@flotilla/rpc/gen/cri/v1/api.ts";

export interface ResolvConf {
  servers: string[];
  searches: string[];
  options: string[];
}

export function parseResolvConf(text: string): ResolvConf {
  const conf: ResolvConf = { servers: [], searches: [], options: [] };
  for (const line of text.split("\n")) {
    const [keyword, ...rest] = line
      .replace(/[#;].*/, "")
      .trim()
      .split(/\s+/);
    if (keyword === "nameserver" && rest[0]) conf.servers.push(rest[0]);
    else if (keyword === "search" || keyword === "domain") conf.searches = rest.filter((s) => s !== ".");
    else if (keyword === "options") conf.options = rest;
  }
  return conf;
}

/** resolv.conf reads at most three servers; pods' search lists end at 32 entries. */
const SERVERS_MAX = 3;
const SEARCHES_MAX = 32;

/** What a pod's resolv.conf holds, by its dnsPolicy and dnsConfig. */
export function podDns(pod: Pod, cluster: { dns: string[]; domain: string }, host: ResolvConf): DNSConfig {
  const base = basePolicy(pod, cluster, host);
  const extra = pod.spec?.dnsConfig;
  const servers = unique([...base.servers, ...(extra?.nameservers ?? [])]).slice(0, SERVERS_MAX);
  const searches = unique([...base.searches, ...(extra?.searches ?? [])]).slice(0, SEARCHES_MAX);
  const options = new Map(base.options.map((o) => [o.split(":")[0]!, o]));
  for (const o of extra?.options ?? []) if (o.name) options.set(o.name, o.value ? `${o.name}:${o.value}` : o.name);
  return { servers, searches, options: [...options.values()] };
}

function basePolicy(pod: Pod, cluster: { dns: string[]; domain: string }, host: ResolvConf): ResolvConf {
  const policy = pod.spec?.dnsPolicy ?? "ClusterFirst";
  if (policy === "None") return { servers: [], searches: [], options: [] };
  const wantsCluster = policy === "ClusterFirstWithHostNet" || (policy === "ClusterFirst" && !pod.spec?.hostNetwork);
  if (!wantsCluster || cluster.dns.length === 0) return host;
  const { domain } = cluster;
  const own = domain ? [`${pod.metadata.namespace}.svc.${domain}`, `svc.${domain}`, domain] : [];
  return { servers: cluster.dns, searches: [...own, ...host.searches], options: ["ndots:5"] };
}

const unique = (list: string[]): string[] => [...new Set(list)];
