import { join } from "node:path";
import type { Pod } from "@flotilla/api";
import * as cri from "@flotilla/rpc/gen/cri/v1/api.ts";
import { podLabels } from "../cri/labels.ts";
import { mainContainers, usesHostNetwork } from "../pods/pod.ts";

export interface SandboxSetting {
  logRoot: string;
  hostname: string;
  dns: cri.DNSConfig;
}

export function podLogDirectory(logRoot: string, pod: Pod): string {
  return join(logRoot, `${pod.metadata.namespace}_${pod.metadata.name}_${pod.metadata.uid}`);
}

export function sandboxConfig(pod: Pod, attempt: number, setting: SandboxSetting): cri.PodSandboxConfig {
  const security = pod.spec?.securityContext ?? {};
  return cri.PodSandboxConfig.fromPartial({
    metadata: { name: pod.metadata.name!, namespace: pod.metadata.namespace!, uid: pod.metadata.uid!, attempt },
    hostname: setting.hostname,
    logDirectory: podLogDirectory(setting.logRoot, pod),
    dnsConfig: setting.dns,
    portMappings: portMappings(pod),
    labels: podLabels(pod),
    annotations: { ...pod.metadata.annotations },
    linux: {
      cgroupParent: "",
      sysctls: Object.fromEntries((security.sysctls ?? []).map((s) => [s.name, s.value])),
      securityContext: {
        namespaceOptions: namespaceOptions(pod),
        privileged: mainContainers(pod).some((c) => c.securityContext?.privileged),
        ...(security.runAsUser !== undefined ? { runAsUser: { value: security.runAsUser } } : {}),
        ...(security.runAsGroup !== undefined ? { runAsGroup: { value: security.runAsGroup } } : {}),
        supplementalGroups: supplementalGroups(pod),
      },
    },
  });
}

/** @param targetId the container whose processes the new one is to see (ephemeral containers' targetContainerName). */
export function namespaceOptions(pod: Pod, targetId = ""): cri.NamespaceOption {
  const { NODE, POD, CONTAINER, TARGET } = cri.NamespaceMode;
  const own = targetId === "" ? CONTAINER : TARGET;
  return {
    network: usesHostNetwork(pod) ? NODE : POD,
    pid: pod.spec?.hostPID ? NODE : pod.spec?.shareProcessNamespace ? POD : own,
    ipc: pod.spec?.hostIPC ? NODE : POD,
    targetId,
  };
}

export function supplementalGroups(pod: Pod): number[] {
  const { fsGroup, supplementalGroups: groups = [] } = pod.spec?.securityContext ?? {};
  return fsGroup === undefined ? [...groups] : [...groups, fsGroup];
}

function portMappings(pod: Pod): cri.PortMapping[] {
  if (usesHostNetwork(pod)) return [];
  return mainContainers(pod)
    .flatMap((c) => c.ports ?? [])
    .filter((p) => (p.hostPort ?? 0) > 0)
    .map((p) => ({
      protocol: cri.Protocol[(p.protocol ?? "TCP") as "TCP" | "UDP" | "SCTP"],
      containerPort: p.containerPort,
      hostPort: p.hostPort!,
      hostIp: p.hostIP ?? "",
    }));
}
