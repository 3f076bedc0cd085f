import type { PodSandboxConfig } from "@flotilla/rpc/gen/cri/v1/api.ts";
import type { Attachment } from "./types.ts";

const PROTOCOLS = ["tcp", "udp", "sctp"]; // by the numbers of CRI's Protocol

/** What plug-ins are told about a pod; `netns` is empty when the namespace is gone. */
export function podAttachment(id: string, netns: string, config: Pick<PodSandboxConfig, "metadata" | "portMappings">): Attachment {
  const { metadata } = config;
  const mapped = config.portMappings.filter((p) => p.hostPort > 0);
  return {
    containerId: id,
    netns,
    ifName: "eth0",
    args: {
      IgnoreUnknown: "1",
      K8S_POD_NAMESPACE: metadata?.namespace ?? "",
      K8S_POD_NAME: metadata?.name ?? "",
      K8S_POD_INFRA_CONTAINER_ID: id,
      K8S_POD_UID: metadata?.uid ?? "",
    },
    capabilityArgs: {
      portMappings: mapped.map((p) => ({
        hostPort: p.hostPort,
        containerPort: p.containerPort,
        protocol: PROTOCOLS[p.protocol] ?? "tcp",
        hostIP: p.hostIp,
      })),
    },
  };
}
