import { mkdir, realpath, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Container, Pod } from "@flotilla/api";
import { type Random, randomInt } from "@flotilla/base";
import * as cri from "@flotilla/rpc/gen/cri/v1/api.ts";
import { expand } from "../env/expand.ts";
import { StartError } from "../errors.ts";
import { podDirectory, safeRelative } from "./plan.ts";

const PROPAGATION: Record<string, cri.MountPropagation> = {
  None: cri.MountPropagation.PROPAGATION_PRIVATE,
  HostToContainer: cri.MountPropagation.PROPAGATION_HOST_TO_CONTAINER,
  Bidirectional: cri.MountPropagation.PROPAGATION_BIDIRECTIONAL,
};

export interface MountInput {
  root: string;
  volumes: ReadonlyMap<string, string>;
  env: ReadonlyMap<string, string>;
  hostsFile: string;
}

/** Volume mounts of a container, and the managed /etc/hosts. @throws StartError for a mount that cannot be. */
export async function containerMounts(pod: Pod, container: Container, input: MountInput): Promise<cri.Mount[]> {
  const mounts: cri.Mount[] = [];
  for (const mount of container.volumeMounts ?? []) {
    const path = input.volumes.get(mount.name);
    if (path === undefined) {
      throw new StartError("CreateContainerConfigError", `cannot find volume "${mount.name}" to mount into container "${container.name}"`);
    }
    const subPath = mount.subPathExpr ? expand(mount.subPathExpr, input.env) : mount.subPath;
    mounts.push({
      containerPath: mount.mountPath.startsWith("/") ? mount.mountPath : `/${mount.mountPath}`,
      hostPath: subPath ? await resolveSubPath(path, subPath, mount.name) : path,
      readonly: mount.readOnly === true,
      selinuxRelabel: false,
      propagation: PROPAGATION[mount.mountPropagation ?? "None"] ?? cri.MountPropagation.PROPAGATION_PRIVATE,
    });
  }
  if (!mounts.some((m) => m.containerPath === "/etc/hosts")) {
    const path = join(podDirectory(input.root, pod.metadata.uid!), "etc-hosts");
    await writeFile(path, input.hostsFile, { mode: 0o644 });
    mounts.push(plainMount("/etc/hosts", path));
  }
  return mounts;
}

export function plainMount(containerPath: string, hostPath: string): cri.Mount {
  return { containerPath, hostPath, readonly: false, selinuxRelabel: false, propagation: cri.MountPropagation.PROPAGATION_PRIVATE };
}

/** A fresh file for the container's last words, mounted at its terminationMessagePath. */
export async function terminationLog(root: string, pod: Pod, container: Container, random: Random): Promise<cri.Mount> {
  const name = Array.from({ length: 8 }, () => randomInt(random, 16).toString(16)).join("");
  const path = join(podDirectory(root, pod.metadata.uid!), "containers", container.name, name);
  await mkdir(dirname(path), { recursive: true, mode: 0o750 });
  await writeFile(path, "", { mode: 0o666 });
  return plainMount(container.terminationMessagePath ?? "/dev/termination-log", path);
}

async function resolveSubPath(volume: string, subPath: string, name: string): Promise<string> {
  const relative = safeRelative(subPath);
  const failed = (why: string) =>
    new StartError("CreateContainerConfigError", `failed to prepare subPath for volumeMount "${name}": ${why}`);
  if (relative === undefined) throw failed(`subPath ${subPath} leaves the volume`);
  const wanted = join(volume, relative);
  const base = await realpath(volume);
  let real = await realpath(wanted).catch(() => undefined);
  if (real === undefined) {
    await mkdir(wanted, { recursive: true, mode: 0o777 });
    real = await realpath(wanted);
  }
  // A link planted in the volume must not lead out of it.
  if (real !== base && !real.startsWith(`${base}/`)) throw failed(`${subPath} leads out of the volume`);
  return real;
}
