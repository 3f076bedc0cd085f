import {
  type ContainerConfig,
  type LinuxContainerResources,
  type LinuxContainerSecurityContext,
  type Mount,
  MountPropagation,
  NamespaceMode,
  SecurityProfile_ProfileType,
} from "@flotilla/cri/messages.ts";
import type { ContainerCreateOptions, HostConfig } from "dockerode";

/** Docker's request for a container of a pod. Pure. */
export function containerRequest(
  config: ContainerConfig,
  sandboxId: string,
  imageId: string,
  labels: Record<string, string>,
  extraBinds: string[],
): ContainerCreateOptions {
  const security = config.linux?.securityContext;
  return {
    Image: imageId,
    Labels: labels,
    // In CRI an empty list means the image's own; Docker reads an empty Entrypoint as "none at all".
    ...(config.command.length > 0 ? { Entrypoint: config.command, Cmd: config.args } : config.args.length > 0 ? { Cmd: config.args } : {}),
    Env: config.envs.map(({ key, value }) => `${key}=${value}`),
    WorkingDir: config.workingDir || undefined,
    User: userOf(security),
    OpenStdin: config.stdin,
    StdinOnce: config.stdinOnce,
    Tty: config.tty,
    HostConfig: {
      NetworkMode: `container:${sandboxId}`,
      IpcMode: security?.namespaceOptions?.ipc === NamespaceMode.NODE ? "host" : `container:${sandboxId}`,
      PidMode: pidMode(security, sandboxId),
      Binds: [...extraBinds, ...config.mounts.map(bindOf)],
      Devices: config.devices.map((d) => ({
        PathOnHost: d.hostPath,
        PathInContainer: d.containerPath,
        CgroupPermissions: d.permissions || "rwm",
      })),
      ...resourcesOf(config.linux?.resources),
      ...securityOf(security),
      LogConfig: { Type: "json-file", Config: { "max-size": "20m", "max-file": "3" } },
    },
  };
}

function userOf(security: LinuxContainerSecurityContext | undefined): string | undefined {
  const user = security?.runAsUser ? String(security.runAsUser.value) : security?.runAsUsername || undefined;
  const group = security?.runAsGroup?.value;
  if (group === undefined) return user;
  return `${user ?? "0"}:${group}`;
}

function pidMode(security: LinuxContainerSecurityContext | undefined, sandboxId: string): string | undefined {
  const mode = security?.namespaceOptions?.pid;
  if (mode === NamespaceMode.NODE) return "host";
  if (mode === NamespaceMode.POD) return `container:${sandboxId}`;
  if (mode === NamespaceMode.TARGET) return `container:${security!.namespaceOptions!.targetId}`;
  return undefined;
}

export function bindOf(mount: Mount): string {
  const propagation = {
    [MountPropagation.PROPAGATION_PRIVATE]: undefined,
    [MountPropagation.PROPAGATION_HOST_TO_CONTAINER]: "rslave",
    [MountPropagation.PROPAGATION_BIDIRECTIONAL]: "rshared",
  }[mount.propagation];
  const options = [mount.readonly ? "ro" : undefined, propagation].filter(Boolean);
  return [mount.hostPath, mount.containerPath, ...(options.length > 0 ? [options.join(",")] : [])].join(":");
}

/** Zero in CRI means "not set". */
export function resourcesOf(r: LinuxContainerResources | undefined): HostConfig {
  if (!r) return {};
  return {
    CpuShares: r.cpuShares || undefined,
    CpuQuota: r.cpuQuota || undefined,
    CpuPeriod: r.cpuPeriod || undefined,
    CpusetCpus: r.cpusetCpus || undefined,
    CpusetMems: r.cpusetMems || undefined,
    ...(r.memoryLimitInBytes > 0 ? { Memory: r.memoryLimitInBytes, MemorySwap: r.memoryLimitInBytes } : {}),
    // Below zero needs CAP_SYS_RESOURCE, which hosts may withhold from the daemon.
    OomScoreAdj: Math.max(0, r.oomScoreAdj) || undefined,
  };
}

function securityOf(s: LinuxContainerSecurityContext | undefined): HostConfig {
  if (!s) return {};
  const options: string[] = [];
  if (s.noNewPrivs) options.push("no-new-privileges");
  if (s.seccomp?.profileType === SecurityProfile_ProfileType.Unconfined) options.push("seccomp=unconfined");
  if (s.apparmor?.profileType === SecurityProfile_ProfileType.Unconfined) options.push("apparmor=unconfined");
  return {
    Privileged: s.privileged || undefined,
    ReadonlyRootfs: s.readonlyRootfs || undefined,
    CapAdd: s.capabilities?.addCapabilities ?? [],
    CapDrop: s.capabilities?.dropCapabilities ?? [],
    GroupAdd: s.supplementalGroups.map(String),
    SecurityOpt: options,
  };
}
