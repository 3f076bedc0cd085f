import type { Service } from "@flotilla/api";
import { type ClusterFacts, type Endpoint, isHeadless, serviceIPs } from "./facts.ts";
import type { Answer, Question, Record } from "./records.ts";
import { addressOfDashed, addressOfReverse } from "./reverse.ts";

export interface ZoneConfig {
  /** "cluster.local" */
  domain: string;
  ttl_seconds: number;
  /** Whole seconds since the epoch when the data last changed. */
  serial: () => number;
}

const SPEC_VERSION = "1.1.0"; // Kubernetes DNS-Based Service Discovery
const ADMIN = "hostmaster";
const REFRESH_SECONDS = 7_200;
const RETRY_SECONDS = 1_800;
const EXPIRE_SECONDS = 86_400;

/** What a name stands for: addresses, an alias, a text, a branch of the tree, or nothing. */
type Found =
  | { kind: "hosts"; hosts: Host[] }
  | { kind: "alias"; target: string }
  | { kind: "text"; text: string }
  | { kind: "branch" }
  | { kind: "none" };

interface Host {
  /** The name SRV records point to. */
  name: string;
  ip: string;
  /** 0 where the service has no port. */
  port: number;
}

/**
 * Answers for the cluster's domain as the Kubernetes DNS specification and CoreDNS's
 * kubernetes plug-in do. Undefined: not a name of ours, ask upstream.
 */
export function answerZone(question: Question, facts: ClusterFacts, config: ZoneConfig): Answer | undefined {
  const name = question.name.toLowerCase().replace(/\.$/, "");
  const reverse = addressOfReverse(name);
  if (reverse !== undefined) return answerReverse(question, reverse, facts, config);
  if (name === config.domain) return answerApex(question, config, facts);
  if (!name.endsWith(`.${config.domain}`)) return undefined;
  const labels = name.slice(0, -config.domain.length - 1).split(".");
  return render(question, find(labels, facts, config.domain), config);
}

function find(labels: string[], facts: ClusterFacts, domain: string): Found {
  const last = labels.at(-1);
  if (labels.length === 1 && last === "dns-version") return { kind: "text", text: SPEC_VERSION };
  if (last === "dns" && labels.length <= 2) {
    if (labels.length === 1) return { kind: "branch" };
    return labels[0] === "ns" ? { kind: "hosts", hosts: nameServers(facts, domain) } : { kind: "none" };
  }
  if (labels.length === 1) return last === "svc" || last === "pod" ? { kind: "branch" } : { kind: "none" };
  const namespace = labels.at(-2)!;
  if (last === "pod") return findPod(labels.slice(0, -2), namespace, facts, domain);
  if (last !== "svc") return { kind: "none" };
  if (!facts.namespaceExists(namespace)) return { kind: "none" };
  return labels.length === 2 ? { kind: "branch" } : findService(labels.slice(0, -2), namespace, facts, domain);
}

/** CoreDNS's "pods insecure", as kubeadm sets it: the address is read off the name. */
function findPod(labels: string[], namespace: string, facts: ClusterFacts, domain: string): Found {
  if (!facts.namespaceExists(namespace)) return { kind: "none" };
  if (labels.length === 0) return { kind: "branch" };
  const ip = labels.length === 1 ? addressOfDashed(labels[0]!) : undefined;
  return ip === undefined ? { kind: "none" } : { kind: "hosts", hosts: [{ name: `${labels[0]}.${namespace}.pod.${domain}`, ip, port: 0 }] };
}

/** Names below a namespace: `svc`, `endpoint.svc`, `_port._protocol.svc`. */
function findService(labels: string[], namespace: string, facts: ClusterFacts, domain: string): Found {
  const name = labels.at(-1)!;
  const rest = labels.slice(0, -1);
  const service = facts.service(namespace, name);
  if (!service) return { kind: "none" };
  const base = `${name}.${namespace}.svc.${domain}`;
  if (service.spec?.type === "ExternalName") {
    return rest.length === 0 ? { kind: "alias", target: (service.spec.externalName ?? "").replace(/\.$/, "") } : { kind: "none" };
  }
  if (rest.length > 2) return { kind: "none" };
  const filter = rest.length === 2 ? { port: unscore(rest[0]!), protocol: unscore(rest[1]!) } : undefined;
  const endpoint = rest.length === 1 ? rest[0]! : undefined;
  // "_tcp.svc" alone is the branch above the ports.
  if (endpoint === "_tcp" || endpoint === "_udp") return { kind: "branch" };
  const hosts =
    isHeadless(service) || endpoint !== undefined
      ? endpointHosts(facts.endpoints(namespace, name), base, endpoint, filter)
      : clusterIPHosts(service, base, filter);
  return hosts.length > 0 ? { kind: "hosts", hosts } : { kind: "none" };
}

interface PortFilter {
  port: string;
  protocol: string;
}

function clusterIPHosts(service: Service, base: string, filter?: PortFilter): Host[] {
  const ports = (service.spec?.ports ?? []).filter((p) => matches({ name: p.name ?? "", protocol: p.protocol ?? "TCP" }, filter));
  return serviceIPs(service).flatMap((ip) => ports.map((p) => ({ name: base, ip, port: p.port })));
}

function endpointHosts(endpoints: Endpoint[], base: string, hostname?: string, filter?: PortFilter): Host[] {
  return endpoints
    .filter((e) => hostname === undefined || e.hostname.toLowerCase() === hostname)
    .flatMap((e) => {
      const host = { name: `${e.hostname}.${base}`, ip: e.ip };
      if (e.ports.length === 0) return filter ? [] : [{ ...host, port: 0 }];
      return e.ports.filter((p) => matches(p, filter)).map((p) => ({ ...host, port: p.port }));
    });
}

function matches(port: { name: string; protocol: string }, filter?: PortFilter): boolean {
  return !filter || (port.name.toLowerCase() === filter.port && port.protocol.toLowerCase() === filter.protocol);
}

const unscore = (label: string) => label.replace(/^_/, "");

function nameServers(facts: ClusterFacts, domain: string): Host[] {
  const service = facts.service("kube-system", "kube-dns");
  return service ? serviceIPs(service).map((ip) => ({ name: `ns.dns.${domain}`, ip, port: 53 })) : [];
}

function answerApex(question: Question, config: ZoneConfig, facts: ClusterFacts): Answer {
  const name = question.name;
  const answer: Answer = { rcode: "NOERROR", authoritative: true, answers: [], authorities: [], additionals: [] };
  if (question.type === "SOA") answer.answers.push(soa(config));
  else if (question.type === "NS") {
    answer.answers.push({ type: "NS", name, ttl: config.ttl_seconds, data: `ns.dns.${config.domain}` });
    for (const host of nameServers(facts, config.domain)) answer.additionals.push(addressRecord(host.name, host.ip, config));
  } else answer.authorities.push(soa(config));
  return answer;
}

function answerReverse(question: Question, ip: string, facts: ClusterFacts, config: ZoneConfig): Answer | undefined {
  const names = [
    ...facts.servicesByIP(ip).map((s) => `${s.metadata.name}.${s.metadata.namespace}.svc.${config.domain}`),
    ...facts.endpointsByIP(ip).map((e) => `${e.endpoint.hostname}.${e.service}.${e.namespace}.svc.${config.domain}`),
  ];
  if (names.length === 0) return undefined; // fallthrough, as kubeadm's Corefile says
  const answers: Record[] =
    question.type === "PTR" ? names.map((data) => ({ type: "PTR", name: question.name, ttl: config.ttl_seconds, data })) : [];
  return { rcode: "NOERROR", authoritative: true, answers, authorities: answers.length ? [] : [soa(config)], additionals: [] };
}

function render(question: Question, found: Found, config: ZoneConfig): Answer {
  const answer: Answer = { rcode: "NOERROR", authoritative: true, answers: [], authorities: [], additionals: [] };
  const { name, type } = question;
  const ttl = config.ttl_seconds;
  if (found.kind === "hosts" && (type === "A" || type === "AAAA")) {
    const wanted = unique(found.hosts.map((h) => h.ip)).filter((ip) => ip.includes(":") === (type === "AAAA"));
    answer.answers = wanted.map((data) => ({ type, name, ttl, data }));
  } else if (found.kind === "hosts" && type === "SRV") {
    srv(found.hosts, name, answer, config);
  } else if (found.kind === "alias") {
    answer.answers = [{ type: "CNAME", name, ttl, data: found.target }];
    if (type === "A" || type === "AAAA") answer.follow = found.target;
  } else if (found.kind === "text" && type === "TXT") {
    answer.answers = [{ type: "TXT", name, ttl, data: found.text }];
  }
  if (found.kind === "none") answer.rcode = "NXDOMAIN";
  if (answer.answers.length === 0) answer.authorities.push(soa(config));
  return answer;
}

/** One SRV for each name and port; the addresses of those names ride along. */
function srv(hosts: Host[], name: string, answer: Answer, config: ZoneConfig): void {
  const targets = new Map(hosts.filter((h) => h.port > 0).map((h) => [`${h.name} ${h.port}`, h]));
  const weight = Math.max(1, Math.floor(100 / targets.size));
  for (const { name: target, port } of targets.values()) {
    answer.answers.push({ type: "SRV", name, ttl: config.ttl_seconds, data: { priority: 0, weight, port, target } });
  }
  const seen = new Set<string>();
  for (const host of hosts) {
    if (host.port === 0 || seen.has(`${host.name} ${host.ip}`)) continue;
    seen.add(`${host.name} ${host.ip}`);
    answer.additionals.push(addressRecord(host.name, host.ip, config));
  }
}

function addressRecord(name: string, ip: string, config: ZoneConfig): Record {
  return { type: ip.includes(":") ? "AAAA" : "A", name, ttl: config.ttl_seconds, data: ip };
}

/** Negative answers live as long as positive ones: minimum is the TTL. */
function soa(config: ZoneConfig): Record {
  const data = {
    mname: `ns.dns.${config.domain}`,
    rname: `${ADMIN}.${config.domain}`,
    serial: config.serial(),
    refresh: REFRESH_SECONDS,
    retry: RETRY_SECONDS,
    expire: EXPIRE_SECONDS,
    minimum: config.ttl_seconds,
  };
  return { type: "SOA", name: config.domain, ttl: config.ttl_seconds, data };
}

const unique = (list: string[]) => [...new Set(list)];
