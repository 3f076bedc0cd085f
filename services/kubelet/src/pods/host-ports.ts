import type { Pod } from "@flotilla/api";
import { allContainers, usesHostNetwork } from "./pod.ts";

/** Whether any pod needs a port of the host forwarded to it. */
export function wantsHostPorts(pods: readonly Pod[]): boolean {
  return pods.some((pod) => !usesHostNetwork(pod) && allContainers(pod).some((c) => c.ports?.some((p) => (p.hostPort ?? 0) > 0)));
}
