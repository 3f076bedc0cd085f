import { type EndpointSlice, EndpointSlices, type Namespace, Namespaces, type Service, Services } from "@flotilla/api";
import type { Informer, InformerFactory } from "@flotilla/client";
import { type ClusterFacts, endpointsOf, serviceIPs } from "./facts.ts";

const SERVICE_NAME = "kubernetes.io/service-name";

export interface ClusterInformers {
  namespaces: Informer<Namespace>;
  services: Informer<Service>;
  slices: Informer<EndpointSlice>;
}

/** The informers, with the indexes that lookups need. */
export function clusterInformers(factory: InformerFactory): ClusterInformers {
  return {
    namespaces: factory.informer(Namespaces),
    services: factory.informer(Services, { indexers: { ip: serviceIPs } }),
    slices: factory.informer(EndpointSlices, {
      indexers: {
        service: (slice) => [ownerKey(slice)],
        ip: (slice) => (slice.addressType === "FQDN" ? [] : [...new Set((slice.endpoints ?? []).flatMap((e) => e.addresses))]),
      },
    }),
  };
}

export function createClusterFacts({ namespaces, services, slices }: ClusterInformers): ClusterFacts {
  const endpoints = (namespace: string, service: string) => endpointsOf(slices.lister.byIndex("service", `${namespace}/${service}`));
  return {
    namespaceExists: (name) => namespaces.lister.get(name) !== undefined,
    service: (namespace, name) => services.lister.get(name, namespace),
    endpoints,
    servicesByIP: (ip) => services.lister.byIndex("ip", ip),
    endpointsByIP(ip) {
      const owners = new Set(slices.lister.byIndex("ip", ip).map(ownerKey));
      return [...owners].flatMap((key) => {
        const [namespace, service] = key.split("/") as [string, string];
        if (!services.lister.get(service, namespace)) return [];
        return endpoints(namespace, service)
          .filter((e) => e.ip === ip)
          .map((endpoint) => ({ namespace, service, endpoint }));
      });
    },
  };
}

function ownerKey(slice: EndpointSlice): string {
  return `${slice.metadata.namespace}/${slice.metadata.labels?.[SERVICE_NAME] ?? ""}`;
}
