import type { Node } from "@flotilla/api";
import { GIT_VERSION, rfc3339 } from "@flotilla/base";

export interface MachineInfo {
  hostname: string;
  machineID: string;
  systemUUID: string;
  bootID: string;
  kernelVersion: string;
  osImage: string;
  operatingSystem: string;
  architecture: string;
}

export interface NodeReport {
  machine: MachineInfo;
  nodeIP: string;
  port: number;
  capacity: Record<string, string>;
  allocatable: Record<string, string>;
  containerRuntimeVersion: string;
  images: { names: string[]; sizeBytes: number }[];
  /** Why the node is not ready; empty: it is. */
  problems: string[];
  now_ms: number;
}

type Condition = NonNullable<NonNullable<Node["status"]>["conditions"]>[number];

/** A node's whole status, its conditions' transition times kept from `before` where nothing changed. Pure. */
export function nodeStatus(before: Node["status"], report: NodeReport): NonNullable<Node["status"]> {
  const ready = report.problems.length === 0;
  const conditions: Condition[] = [
    condition(before, "MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available", report.now_ms),
    condition(before, "DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure", report.now_ms),
    condition(before, "PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available", report.now_ms),
    ready
      ? condition(before, "Ready", "True", "KubeletReady", "kubelet is posting ready status", report.now_ms)
      : condition(before, "Ready", "False", "KubeletNotReady", problemText(report.problems), report.now_ms),
  ];
  const own = new Set(conditions.map((c) => c.type));
  const { machine } = report;
  return {
    addresses: [
      { type: "InternalIP", address: report.nodeIP },
      { type: "Hostname", address: machine.hostname },
    ],
    capacity: report.capacity,
    allocatable: report.allocatable,
    conditions: [...(before?.conditions ?? []).filter((c) => !own.has(c.type)), ...conditions],
    daemonEndpoints: { kubeletEndpoint: { Port: report.port } as never },
    images: report.images,
    nodeInfo: {
      machineID: machine.machineID,
      systemUUID: machine.systemUUID,
      bootID: machine.bootID,
      kernelVersion: machine.kernelVersion,
      osImage: machine.osImage,
      containerRuntimeVersion: report.containerRuntimeVersion,
      kubeletVersion: GIT_VERSION,
      kubeProxyVersion: "",
      operatingSystem: machine.operatingSystem,
      architecture: machine.architecture,
    },
  };
}

const problemText = (problems: string[]): string => (problems.length === 1 ? problems[0]! : `[${problems.join(", ")}]`);

function condition(before: Node["status"], type: string, status: string, reason: string, message: string, now_ms: number): Condition {
  const old = before?.conditions?.find((c) => c.type === type);
  return {
    type,
    status,
    lastHeartbeatTime: rfc3339(now_ms) as never,
    lastTransitionTime: (old?.status === status ? old.lastTransitionTime : rfc3339(now_ms)) as never,
    reason,
    message,
  };
}

/** Whether a status says something new, heartbeats aside. */
export function statusChanged(a: Node["status"], b: Node["status"]): boolean {
  return JSON.stringify(strip(a)) !== JSON.stringify(strip(b));
}

function strip(status: Node["status"]): unknown {
  const conditions = (status?.conditions ?? [])
    .map(({ type, status, reason, message }) => ({ type, status, reason, message }))
    .sort((x, y) => (x.type < y.type ? -1 : 1));
  const sorted = (map: object | undefined) => Object.fromEntries(Object.entries(map ?? {}).sort());
  return [
    conditions,
    status?.addresses,
    sorted(status?.capacity),
    sorted(status?.allocatable),
    sorted(status?.nodeInfo),
    status?.images?.map((i) => i.names),
    status?.daemonEndpoints?.kubeletEndpoint,
  ];
}
