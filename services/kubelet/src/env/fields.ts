import type { Container, Pod } from "@flotilla/api";
import { bytes, milliCpu, quantity } from "../pods/quantity.ts";

/** Facts of a pod that only the node knows when the pod is about to run. */
export interface PodAddresses {
  podIPs: string[];
  hostIP: string;
}

/** The value of a fieldRef; undefined when the path is not supported. */
export function fieldValue(pod: Pod, path: string, addresses: PodAddresses): string | undefined {
  const subscript = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (subscript) return pod.metadata[subscript[1] as "labels" | "annotations"]?.[subscript[2]!] ?? "";
  switch (path) {
    case "metadata.name":
      return pod.metadata.name;
    case "metadata.namespace":
      return pod.metadata.namespace;
    case "metadata.uid":
      return pod.metadata.uid;
    case "metadata.labels":
      return keyValueLines(pod.metadata.labels ?? {});
    case "metadata.annotations":
      return keyValueLines(pod.metadata.annotations ?? {});
    case "spec.nodeName":
      return pod.spec?.nodeName ?? "";
    case "spec.serviceAccountName":
      return pod.spec?.serviceAccountName ?? "";
    case "spec.restartPolicy":
      return pod.spec?.restartPolicy ?? "";
    case "status.hostIP":
    case "status.hostIPs":
      return addresses.hostIP;
    case "status.podIP":
      return addresses.podIPs[0] ?? "";
    case "status.podIPs":
      return addresses.podIPs.join(",");
    default:
      return undefined;
  }
}

function keyValueLines(map: Record<string, string>): string {
  return Object.keys(map)
    .sort()
    .map((key) => `${key}=${JSON.stringify(map[key])}`)
    .join("\n");
}

/** The value of a resourceFieldRef in units of its divisor, rounded up; a missing limit is what the node can give. */
export function resourceValue(
  container: Container,
  ref: { resource: string; divisor?: string },
  allocatable: Record<string, string>,
): string | undefined {
  const match = /^(limits|requests)\.(cpu|memory|ephemeral-storage)$/.exec(ref.resource);
  if (!match) return undefined;
  const resources = container.resources ?? {};
  const name = match[2]!;
  const given =
    match[1] === "limits" ? (resources.limits?.[name] ?? allocatable[name]) : (resources.requests?.[name] ?? resources.limits?.[name]);
  const divisor = ref.divisor && ref.divisor !== "0" ? ref.divisor : "1";
  if (name === "cpu") return String(Math.ceil(milliCpu(given) / milliCpu(divisor)));
  return String(Math.ceil(bytes(given) / quantity(divisor)));
}
