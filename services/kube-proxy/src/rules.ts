import type { EndpointSlice, Service } from "@flotilla/api";
import { chooseBackends, endpointsOf, type PortEndpoint } from "./endpoints.ts";

/** One address and port to listen on, and where its connections go. Backends are "ip:port", sorted. */
export interface Rule {
  /** "TCP 10.96.0.1:443": unique, one socket each. */
  key: string;
  protocol: "TCP" | "UDP";
  address: string;
  port: number;
  /** "namespace/name:port", for logs. */
  service: string;
  backends: readonly string[];
  /** Set for sessionAffinity ClientIP: how long a client stays with its endpoint. */
  affinity_ms?: number;
}

export interface NodeFacts {
  nodeName: string;
  /** Addresses of this machine that serve node ports, both families. */
  nodePortAddresses: readonly string[];
}

const DEFAULT_AFFINITY_SECONDS = 10_800; // core/v1 ClientIPConfig.timeoutSeconds
const PROXY_NAME_LABEL = "service.kubernetes.io/service-proxy-name";
const HEADLESS_LABEL = "service.kubernetes.io/headless";

/** Everything that should be listened on, given what the API server says. Pure; first rule of a key wins. */
export function planRules(services: readonly Service[], slices: readonly EndpointSlice[], facts: NodeFacts): Map<string, Rule> {
  const slicesOf = groupByService(slices);
  const rules = new Map<string, Rule>();
  for (const service of sortByAge(services)) {
    if (!proxied(service)) continue;
    const own = slicesOf.get(`${service.metadata.namespace}/${service.metadata.name}`) ?? [];
    for (const rule of rulesOf(service, own, facts)) if (!rules.has(rule.key)) rules.set(rule.key, rule);
  }
  return rules;
}

function proxied(service: Service): boolean {
  const labels = service.metadata.labels ?? {};
  if (PROXY_NAME_LABEL in labels || HEADLESS_LABEL in labels) return false;
  const ip = service.spec?.clusterIP;
  return service.spec?.type !== "ExternalName" && ip !== undefined && ip !== "" && ip !== "None";
}

function* rulesOf(service: Service, slices: readonly EndpointSlice[], facts: NodeFacts): Generator<Rule> {
  const spec = service.spec!;
  const affinity =
    spec.sessionAffinity === "ClientIP"
      ? { affinity_ms: (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? DEFAULT_AFFINITY_SECONDS) * 1000 }
      : {};
  for (const port of spec.ports ?? []) {
    const protocol = port.protocol ?? "TCP";
    if (protocol !== "TCP" && protocol !== "UDP") continue;
    const name = `${service.metadata.namespace}/${service.metadata.name}:${port.name ?? port.port}`;
    const endpoints = endpointsOf(slices, port.name ?? "", protocol, facts.nodeName);
    const rule = (address: string, number: number, local: boolean): Rule => ({
      key: `${protocol} ${joinHostPort(address, number)}`,
      protocol,
      address,
      port: number,
      service: name,
      backends: backendsFor(endpoints, address, local),
      ...affinity,
    });
    for (const ip of clusterIPs(service)) yield rule(ip, port.port, spec.internalTrafficPolicy === "Local");
    const externalLocal = spec.externalTrafficPolicy === "Local";
    for (const ip of externalIPs(service)) yield rule(ip, port.port, externalLocal);
    if (port.nodePort) for (const ip of facts.nodePortAddresses) yield rule(ip, port.nodePort, externalLocal);
  }
}

function backendsFor(endpoints: readonly PortEndpoint[], address: string, local: boolean): string[] {
  const v6 = isIPv6(address);
  return chooseBackends(
    endpoints.filter((e) => isIPv6(e.ip) === v6),
    local,
  );
}

function clusterIPs(service: Service): string[] {
  const all = service.spec?.clusterIPs;
  return all && all.length > 0 ? all : [service.spec!.clusterIP!];
}

/** Addresses from outside that are to be served here: they must be local to this machine to be bindable. */
function externalIPs(service: Service): string[] {
  const balancer = (service.status?.loadBalancer?.ingress ?? []).flatMap((i) => (i.ip && i.ipMode !== "Proxy" ? [i.ip] : []));
  return [...(service.spec?.externalIPs ?? []), ...(service.spec?.type === "LoadBalancer" ? balancer : [])];
}

function groupByService(slices: readonly EndpointSlice[]): Map<string, EndpointSlice[]> {
  const groups = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    const name = slice.metadata.labels?.["kubernetes.io/service-name"];
    if (!name || slice.addressType === "FQDN") continue;
    const key = `${slice.metadata.namespace}/${name}`;
    const group = groups.get(key);
    if (group) group.push(slice);
    else groups.set(key, [slice]);
  }
  return groups;
}

/** The older of two services that claim one address and port keeps it. */
function sortByAge(services: readonly Service[]): Service[] {
  const order = (s: Service) => `${s.metadata.creationTimestamp ?? ""} ${s.metadata.namespace}/${s.metadata.name}`;
  return [...services].sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

const isIPv6 = (ip: string) => ip.includes(":");
export const joinHostPort = (ip: string, port: number) => (isIPv6(ip) ? `[${ip}]:${port}` : `${ip}:${port}`);
