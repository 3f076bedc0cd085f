import type { EndpointSlice, Service } from "@flotilla/api";
import type { Random } from "@flotilla/base";
import type { ResourceCache } from "../storage/resource-cache.ts";

export interface Address {
  host: string;
  port: number;
}

/**
 * Where to reach a Service from here: one of its ready pods, chosen at random, since an API server's machine need
 * have no kube-proxy; the cluster IP where no slice tells of pods.
 * @throws Error in upstream's words when the service or the port does not exist, or nothing serves it.
 */
export function serviceEndpoint(
  store: { cache(resource: string): ResourceCache },
  random: Random,
  { namespace, name, port }: { namespace: string; name: string; port: number },
): Address {
  const service = store.cache("services").get(`/registry/services/${namespace}/${name}`);
  const { spec } = (service?.object ?? {}) as unknown as Service;
  if (!spec) throw new Error(`service ${JSON.stringify(name)} not found`);
  if (spec.type === "ExternalName") return { host: spec.externalName!, port };
  const servicePort = spec.ports?.find((one) => one.port === port);
  if (!servicePort) throw new Error(`no service port ${port} found for service ${JSON.stringify(name)}`);
  const pods = readyAddresses(store, namespace, name, servicePort.name ?? "");
  if (pods.length > 0) return pods[Math.floor(random.next() * pods.length)]!;
  if (!spec.clusterIP || spec.clusterIP === "None" || spec.selector) {
    throw new Error(`no endpoints available for service ${JSON.stringify(name)}`);
  }
  return { host: spec.clusterIP, port };
}

/** Of the service's ready pods, for its port of this name ("" for one without). */
export function readyAddresses(
  store: { cache(resource: string): ResourceCache },
  namespace: string,
  service: string,
  portName: string,
): Address[] {
  const found: Address[] = [];
  for (const { object } of store.cache("endpointslices").scan(`/registry/endpointslices/${namespace}/`)) {
    const slice = object as unknown as EndpointSlice;
    if (slice.metadata.labels?.["kubernetes.io/service-name"] !== service) continue;
    const port = slice.ports?.find((one) => (one.name ?? "") === portName)?.port;
    if (port === undefined) continue;
    for (const { addresses, conditions } of slice.endpoints ?? []) {
      if (conditions?.ready !== false && addresses[0]) found.push({ host: addresses[0], port });
    }
  }
  return found;
}
