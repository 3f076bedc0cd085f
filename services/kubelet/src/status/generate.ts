import type { Pod, PodStatus } from "@flotilla/api";
import { rfc3339 } from "@flotilla/base";
import type { ObservedPod } from "../cri/observed.ts";
import { ephemeralContainers, initContainers, isTerminalPhase, usesHostNetwork } from "../pods/pod.ts";
import { qosClass } from "../pods/qos.ts";
import { podConditions } from "./conditions.ts";
import { type ContainerFacts, containerStatuses } from "./containers.ts";
import { podPhase } from "./phase.ts";

/** Why a pod ended without its containers' doing: Evicted, DeadlineExceeded, OutOfcpu. */
export interface PodFailure {
  reason: string;
  message: string;
}

export interface StatusInput extends ContainerFacts {
  previous: PodStatus;
  hostIP: string;
  now_ms: number;
  failure?: PodFailure;
  /** The pod is being or has been stopped for good. */
  terminal?: boolean;
}

/** A pod's whole status from what the runtime shows. Pure. */
export function generatePodStatus(pod: Pod, observed: ObservedPod, input: StatusInput): PodStatus {
  const init = containerStatuses(pod, observed, input, input.previous.initContainerStatuses ?? [], "init");
  const main = containerStatuses(pod, observed, input, input.previous.containerStatuses ?? [], "main");
  const phase = isTerminalPhase(input.previous.phase)
    ? (input.previous.phase as "Succeeded" | "Failed")
    : input.failure
      ? "Failed"
      : podPhase(pod, init, main, input.terminal ?? false);
  const sandbox = observed.sandboxes.find((s) => s.ready);
  const ips = podIPs(pod, observed, input);
  const why =
    input.failure ?? (input.previous.reason ? { reason: input.previous.reason, message: input.previous.message ?? "" } : undefined);
  return {
    phase,
    ...(why ? { reason: why.reason, message: why.message } : {}),
    conditions: podConditions(pod, phase, init, main, sandbox !== undefined, input.previous.conditions ?? [], input.now_ms),
    ...(input.hostIP ? { hostIP: input.hostIP, hostIPs: [{ ip: input.hostIP }] } : {}),
    ...(ips.length ? { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) } : {}),
    startTime: (input.previous.startTime ?? rfc3339(input.now_ms)) as never,
    ...(initContainers(pod).length ? { initContainerStatuses: init } : {}),
    containerStatuses: main,
    ...(ephemeralContainers(pod).length
      ? {
          ephemeralContainerStatuses: containerStatuses(pod, observed, input, input.previous.ephemeralContainerStatuses ?? [], "ephemeral"),
        }
      : {}),
    qosClass: qosClass(pod),
  };
}

function podIPs(pod: Pod, observed: ObservedPod, input: StatusInput): string[] {
  if (usesHostNetwork(pod)) return input.hostIP ? [input.hostIP] : [];
  const sandbox = observed.sandboxes.find((s) => s.ready && s.ips.length > 0);
  return sandbox?.ips ?? (input.previous.podIPs ?? []).map((p) => p.ip).filter((ip) => ip !== undefined);
}
