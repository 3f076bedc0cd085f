import type { EndpointSlice, Service } from "@flotilla/api";

/** One name and address behind a service: what headless and endpoint queries answer from. */
export interface Endpoint {
  ip: string;
  /** Its own label under the service: the pod's hostname, else its address with dashes. */
  hostname: string;
  ports: { name: string; protocol: string; port: number }[];
}

/** The cluster as the zone sees it. Implementations answer from informers' caches. */
export interface ClusterFacts {
  namespaceExists(name: string): boolean;
  service(namespace: string, name: string): Service | undefined;
  /** Ready endpoints (the slices hold not-ready ones as ready where publishNotReadyAddresses asks). */
  endpoints(namespace: string, service: string): Endpoint[];
  servicesByIP(ip: string): Service[];
  endpointsByIP(ip: string): { namespace: string; service: string; endpoint: Endpoint }[];
}

export function endpointsOf(slices: readonly EndpointSlice[]): Endpoint[] {
  const byAddress = new Map<string, Endpoint>();
  for (const slice of slices) {
    if (slice.addressType === "FQDN") continue;
    const ports = (slice.ports ?? []).map((p) => ({ name: p.name ?? "", protocol: p.protocol ?? "TCP", port: p.port ?? 0 }));
    for (const endpoint of slice.endpoints ?? []) {
      if (endpoint.conditions?.ready === false) continue;
      for (const ip of endpoint.addresses) {
        const known = byAddress.get(ip);
        if (known) addPorts(known, ports);
        else byAddress.set(ip, { ip, hostname: endpoint.hostname || dashed(ip), ports: [...ports] });
      }
    }
  }
  return [...byAddress.values()];
}

function addPorts(endpoint: Endpoint, ports: Endpoint["ports"]): void {
  for (const p of ports) {
    if (!endpoint.ports.some((q) => q.name === p.name && q.protocol === p.protocol && q.port === p.port)) endpoint.ports.push(p);
  }
}

export function dashed(ip: string): string {
  return ip.replace(/[.:]/g, "-");
}

export function serviceIPs(service: Service): string[] {
  const all = service.spec?.clusterIPs ?? (service.spec?.clusterIP ? [service.spec.clusterIP] : []);
  return all.filter((ip) => ip !== "" && ip !== "None");
}

export function isHeadless(service: Service): boolean {
  return service.spec?.clusterIP === "None";
}
