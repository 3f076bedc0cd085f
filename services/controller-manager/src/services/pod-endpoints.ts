import { isPodTerminal, type Pod, type Service } from "@flotilla/api";

export interface PortView {
  name: string;
  port: number;
  protocol: string;
  appProtocol?: string;
}

/** May the pod's address be told to clients? Terminating pods only where the caller marks them so. */
export function hasAddress(pod: Pod, includeTerminating: boolean): boolean {
  if (isPodTerminal(pod) || !pod.status?.podIP) return false;
  return includeTerminating || pod.metadata.deletionTimestamp === undefined;
}

/** The ports of a service as this pod serves them; a named port that the pod lacks is left out. */
export function podPorts(service: Service, pod: Pod): PortView[] {
  const out: PortView[] = [];
  for (const port of service.spec?.ports ?? []) {
    const protocol = port.protocol ?? "TCP";
    const number = targetPort(pod, (port.targetPort as number | string | undefined) || port.port, protocol);
    if (number === undefined) continue;
    out.push({ name: port.name ?? "", port: number, protocol, ...(port.appProtocol ? { appProtocol: port.appProtocol } : {}) });
  }
  return out;
}

function targetPort(pod: Pod, target: number | string, protocol: string): number | undefined {
  if (typeof target === "number") return target;
  const sidecars = (pod.spec?.initContainers ?? []).filter((c) => c.restartPolicy === "Always");
  for (const container of [...(pod.spec?.containers ?? []), ...sidecars]) {
    const found = container.ports?.find((p) => p.name === target && (p.protocol ?? "TCP") === protocol);
    if (found) return found.containerPort;
  }
  return undefined;
}

export const isHeadless = (service: Service): boolean => service.spec?.clusterIP === "None";

/** Services whose endpoints are ours to keep: with a selector, and not just an alias. */
export function isSelecting(service: Service): boolean {
  return Object.keys(service.spec?.selector ?? {}).length > 0 && service.spec?.type !== "ExternalName";
}

export function podReference(pod: Pod) {
  return { kind: "Pod", namespace: pod.metadata.namespace, name: pod.metadata.name, uid: pod.metadata.uid };
}

/** A pod has a name of its own in DNS when it asks for the service's subdomain. */
export function podHostname(service: Service, pod: Pod): string | undefined {
  const { hostname, subdomain } = pod.spec ?? {};
  return hostname && subdomain === service.metadata.name && service.metadata.namespace === pod.metadata.namespace ? hostname : undefined;
}
