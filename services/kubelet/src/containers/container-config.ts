import type { Container, Pod } from "@flotilla/api";
import * as cri from "@flotilla/rpc/gen/cri/v1/api.ts";
import { containerAnnotations, containerLabels } from "../cri/labels.ts";
import { expand } from "../env/expand.ts";
import { linuxResources } from "./resources.ts";
import { containerSecurity } from "./security.ts";

export interface ContainerSetting {
  env: ReadonlyMap<string, string>;
  mounts: cri.Mount[];
  image: cri.Image | undefined;
  imageRef: string;
  restartCount: number;
  /** Container whose process namespace an ephemeral container joins; "" for none. */
  targetId: string;
  node: { memory_bytes: number; oomScoreAdjMin: number };
}

/** A container as CRI is asked to make it. Pure. @throws StartError when its security context cannot hold. */
export function containerConfig(pod: Pod, container: Container, setting: ContainerSetting): cri.ContainerConfig {
  const expanded = (list: readonly string[] | undefined) => (list ?? []).map((text) => expand(text, setting.env));
  return cri.ContainerConfig.fromPartial({
    metadata: { name: container.name, attempt: setting.restartCount },
    image: { image: setting.imageRef, annotations: {} },
    command: expanded(container.command),
    args: expanded(container.args),
    workingDir: container.workingDir ?? "",
    envs: [...setting.env].map(([key, value]) => ({ key, value })),
    mounts: setting.mounts,
    labels: containerLabels(pod, container),
    annotations: containerAnnotations(pod, container, setting.restartCount),
    logPath: `${container.name}/${setting.restartCount}.log`,
    stdin: container.stdin === true,
    stdinOnce: container.stdinOnce === true,
    tty: container.tty === true,
    linux: {
      resources: linuxResources(pod, container, setting.node),
      securityContext: containerSecurity(pod, container, setting.image, setting.targetId),
    },
  });
}
