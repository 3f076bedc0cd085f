import { type Endpoints, isPodReady, type Pod, type Service } from "@flotilla/api";
import { semanticEqual } from "@flotilla/controller";
import { hasAddress, isHeadless, podHostname, podPorts, podReference } from "./pod-endpoints.ts";

type Subset = NonNullable<Endpoints["subsets"]>[number];
type Address = NonNullable<Subset["addresses"]>[number];

/** Upstream marks a list that it cut. */
const ADDRESSES_MAX = 1_000;
const OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity";

/** The Endpoints of a service; undefined when the present ones say the same. */
export function planEndpoints(service: Service, pods: Pod[], present: Endpoints | undefined): Endpoints | undefined {
  const { name, namespace } = service.metadata;
  const all = subsetsOf(service, pods);
  const count = all.reduce((n, s) => n + (s.addresses?.length ?? 0) + (s.notReadyAddresses?.length ?? 0), 0);
  const labels: Record<string, string> = { ...service.metadata.labels };
  if (isHeadless(service)) labels["service.kubernetes.io/headless"] = "";
  else delete labels["service.kubernetes.io/headless"];
  const annotations = { ...present?.metadata.annotations };
  if (count > ADDRESSES_MAX) annotations[OVER_CAPACITY] = "truncated";
  else delete annotations[OVER_CAPACITY];
  const subsets = cut(all, ADDRESSES_MAX);
  if (present && semanticEqual(present.subsets, subsets) && sameStrings(present.metadata.labels, labels)) return undefined;
  return { metadata: { ...present?.metadata, name, namespace, labels, annotations }, subsets };
}

/** One subset for each set of ports that some pods share. */
function subsetsOf(service: Service, pods: Pod[]): Subset[] {
  const publishAll = service.spec?.publishNotReadyAddresses === true;
  const groups = new Map<string, Required<Subset>>();
  for (const pod of pods) {
    if (!hasAddress(pod, publishAll)) continue;
    const ports = podPorts(service, pod).map(({ name, ...port }) => ({ ...(name ? { name } : {}), ...port }));
    if (ports.length === 0 && (service.spec?.ports ?? []).length > 0) continue;
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { addresses: [], notReadyAddresses: [], ports };
    groups.set(key, group);
    (publishAll || isPodReady(pod) ? group.addresses : group.notReadyAddresses).push(addressOf(service, pod));
  }
  const sorted = [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
  return sorted.map(({ addresses, notReadyAddresses, ports }) => ({
    ...(addresses.length > 0 ? { addresses: addresses.sort(byIp) } : {}),
    ...(notReadyAddresses.length > 0 ? { notReadyAddresses: notReadyAddresses.sort(byIp) } : {}),
    ...(ports.length > 0 ? { ports } : {}),
  }));
}

function addressOf(service: Service, pod: Pod): Address {
  const hostname = podHostname(service, pod);
  return { ip: pod.status!.podIP!, ...(hostname ? { hostname } : {}), nodeName: pod.spec?.nodeName, targetRef: podReference(pod) };
}

const byIp = (a: Address, b: Address): number => (a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : 0);

function cut(subsets: Subset[], max: number): Subset[] {
  let left = max;
  const take = (addresses: Address[] | undefined) => {
    const taken = addresses?.slice(0, left);
    left -= taken?.length ?? 0;
    return taken?.length ? taken : undefined;
  };
  return subsets.map((s) => ({ ...s, addresses: take(s.addresses), notReadyAddresses: take(s.notReadyAddresses) }));
}

/** Unlike semanticEqual: a label with an empty value is not the same as no label. */
export function sameStrings(a: Record<string, string> = {}, b: Record<string, string> = {}): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
