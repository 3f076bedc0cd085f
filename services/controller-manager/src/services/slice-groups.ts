import { type EndpointSlice, type Endpoints, isPodReady, type Node, type Pod, type Service, Services } from "@flotilla/api";
import { controllerRef } from "@flotilla/controller";
import { hasAddress, isHeadless, type PortView, podHostname, podPorts, podReference } from "./pod-endpoints.ts";
import type { AddressType, EndpointGroup, SliceEndpoint } from "./slice-plan.ts";

export const SERVICE_NAME = "kubernetes.io/service-name";
export const MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
export const SLICE_MANAGER = "endpointslice-controller.k8s.io";
export const MIRROR_MANAGER = "endpointslicemirroring-controller.k8s.io";
const ZONE = "topology.kubernetes.io/zone";

export function addressTypes(service: Service): AddressType[] {
  const families = service.spec?.ipFamilies;
  if (families?.length) return families as AddressType[];
  return [service.spec?.clusterIP?.includes(":") ? "IPv6" : "IPv4"];
}

/** What a service's slices say of its pods. Without pods: one empty group each family. */
export function groupsOfService(service: Service, pods: Pod[], nodeOf: (name: string) => Node | undefined): EndpointGroup[] {
  return addressTypes(service).flatMap((addressType) => {
    const groups = new Map<string, EndpointGroup>();
    for (const pod of pods) {
      const ip = addressOf(pod, addressType);
      if (!ip || !hasAddress(pod, true)) continue;
      const ports = podPorts(service, pod);
      const key = JSON.stringify(ports);
      const group = groups.get(key) ?? { addressType, ports, endpoints: [] };
      groups.set(key, group);
      group.endpoints.push(endpointOf(service, pod, ip, nodeOf));
    }
    return groups.size > 0 ? [...groups.values()] : [{ addressType, ports: [], endpoints: [] }];
  });
}

function addressOf(pod: Pod, addressType: AddressType): string | undefined {
  const ips = [...(pod.status?.podIPs ?? []).map((p) => p.ip), pod.status?.podIP];
  return ips.find((ip) => ip && ip.includes(":") === (addressType === "IPv6"));
}

function endpointOf(service: Service, pod: Pod, ip: string, nodeOf: (name: string) => Node | undefined): SliceEndpoint {
  const serving = isPodReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const hostname = podHostname(service, pod);
  const zone = nodeOf(pod.spec?.nodeName ?? "")?.metadata.labels?.[ZONE];
  return {
    addresses: [ip],
    conditions: { ready, serving, terminating },
    ...(hostname ? { hostname } : {}),
    ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    targetRef: podReference(pod),
    ...(zone ? { zone } : {}),
  };
}

export function sliceMetadata(service: Service): EndpointSlice["metadata"] {
  const labels: Record<string, string> = {
    ...service.metadata.labels,
    [SERVICE_NAME]: service.metadata.name!,
    [MANAGED_BY]: SLICE_MANAGER,
  };
  if (isHeadless(service)) labels["service.kubernetes.io/headless"] = "";
  const { namespace, name } = service.metadata;
  return { generateName: `${name}-`, namespace, labels, ownerReferences: [controllerRef(Services, service)] };
}

/** Hand-written Endpoints as groups. */
export function groupsOfEndpoints(endpoints: Endpoints): EndpointGroup[] {
  const groups = new Map<string, EndpointGroup>();
  for (const subset of endpoints.subsets ?? []) {
    const ports: PortView[] = (subset.ports ?? []).map((p) => ({ ...p, name: p.name ?? "", protocol: p.protocol ?? "TCP" }));
    const add = (addresses: typeof subset.addresses, ready: boolean) => {
      for (const { ip, hostname, nodeName, targetRef } of addresses ?? []) {
        const addressType = ip.includes(":") ? "IPv6" : "IPv4";
        const key = addressType + JSON.stringify(ports);
        const group = groups.get(key) ?? { addressType, ports, endpoints: [] };
        groups.set(key, group);
        const more = { ...(hostname ? { hostname } : {}), ...(nodeName ? { nodeName } : {}), ...(targetRef ? { targetRef } : {}) };
        group.endpoints.push({ addresses: [ip], conditions: { ready }, ...more });
      }
    };
    add(subset.addresses, true);
    add(subset.notReadyAddresses, false);
  }
  return [...groups.values()];
}
