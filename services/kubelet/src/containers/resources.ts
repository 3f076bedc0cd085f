import type { Container, Pod } from "@flotilla/api";
import * as cri from "@flotilla/rpc/gen/cri/v1/api.ts";
import { qosClass } from "../pods/qos.ts";
import { bytes, milliCpu } from "../pods/quantity.ts";

const SHARES_MIN = 2;
const SHARES_MAX = 262_144;
const QUOTA_PERIOD_US = 100_000;
const QUOTA_MIN_US = 1_000;

/** Requests and limits as cgroup settings (upstream's MilliCPUToShares and MilliCPUToQuota). */
export function linuxResources(
  pod: Pod,
  container: Container,
  node: { memory_bytes: number; oomScoreAdjMin: number },
): cri.LinuxContainerResources {
  const { requests = {}, limits = {} } = container.resources ?? {};
  const shareMilli = "cpu" in requests ? milliCpu(requests["cpu"]) : milliCpu(limits["cpu"]);
  const limitMilli = milliCpu(limits["cpu"]);
  return cri.LinuxContainerResources.fromPartial({
    cpuShares: Math.min(SHARES_MAX, Math.max(SHARES_MIN, Math.floor((shareMilli * 1024) / 1000))),
    ...(limitMilli > 0
      ? { cpuPeriod: QUOTA_PERIOD_US, cpuQuota: Math.max(QUOTA_MIN_US, Math.floor((limitMilli * QUOTA_PERIOD_US) / 1000)) }
      : {}),
    memoryLimitInBytes: bytes(limits["memory"]),
    oomScoreAdj: Math.max(node.oomScoreAdjMin, oomScoreAdj(pod, container, node.memory_bytes)),
  });
}

/** Who is killed first when memory runs out: best effort first, guaranteed last. */
export function oomScoreAdj(pod: Pod, container: Container, memory_bytes: number): number {
  const priority = pod.spec?.priorityClassName;
  if (priority === "system-node-critical") return -997;
  switch (qosClass(pod)) {
    case "Guaranteed":
      return -997;
    case "BestEffort":
      return 1000;
    case "Burstable": {
      const request = bytes(container.resources?.requests?.["memory"]);
      return Math.min(999, Math.max(3, Math.floor(1000 - (1000 * request) / memory_bytes)));
    }
  }
}
