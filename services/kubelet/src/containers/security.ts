import type { Container, Pod } from "@flotilla/api";
import * as cri from "@flotilla/rpc/gen/cri/v1/api.ts";
import { StartError } from "../errors.ts";
import { namespaceOptions, supplementalGroups } from "./sandbox-config.ts";

/** /proc entries hidden from containers that are not privileged (upstream's default ProcMount). */
const MASKED = [
  "/proc/asound",
  "/proc/acpi",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
];
const READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/** @throws StartError when runAsNonRoot forbids what the pod or its image asks for. */
export function containerSecurity(
  pod: Pod,
  container: Container,
  image: cri.Image | undefined,
  targetId: string,
): cri.LinuxContainerSecurityContext {
  const forPod = pod.spec?.securityContext ?? {};
  const own = container.securityContext ?? {};
  const uid = own.runAsUser ?? forPod.runAsUser ?? image?.uid?.value;
  const gid = own.runAsGroup ?? forPod.runAsGroup;
  if (own.runAsNonRoot ?? forPod.runAsNonRoot) requireNonRoot(container, uid, image);
  const privileged = own.privileged === true;
  return cri.LinuxContainerSecurityContext.fromPartial({
    privileged,
    readonlyRootfs: own.readOnlyRootFilesystem === true,
    noNewPrivs: own.allowPrivilegeEscalation === false && !privileged,
    capabilities: { addCapabilities: own.capabilities?.add ?? [], dropCapabilities: own.capabilities?.drop ?? [] },
    namespaceOptions: namespaceOptions(pod, targetId),
    supplementalGroups: supplementalGroups(pod),
    ...(uid !== undefined ? { runAsUser: { value: uid } } : { runAsUsername: image?.username ?? "" }),
    ...(gid !== undefined ? { runAsGroup: { value: gid } } : {}),
    ...(privileged ? {} : { maskedPaths: MASKED, readonlyPaths: READ_ONLY }),
    seccomp: seccomp(own.seccompProfile ?? forPod.seccompProfile, privileged),
  });
}

function seccomp(profile: { type: string; localhostProfile?: string } | undefined, privileged: boolean): cri.SecurityProfile {
  const { RuntimeDefault, Unconfined, Localhost } = cri.SecurityProfile_ProfileType;
  if (privileged || !profile) return { profileType: Unconfined, localhostRef: "" };
  if (profile.type === "RuntimeDefault") return { profileType: RuntimeDefault, localhostRef: "" };
  if (profile.type === "Localhost") return { profileType: Localhost, localhostRef: profile.localhostProfile ?? "" };
  return { profileType: Unconfined, localhostRef: "" };
}

function requireNonRoot(container: Container, uid: number | undefined, image: cri.Image | undefined): void {
  const refuse = (why: string) => new StartError("CreateContainerConfigError", `${why} (container: ${container.name})`);
  if (uid === 0 && container.securityContext?.runAsUser === 0) throw refuse("container's runAsUser breaks non-root policy");
  if (uid !== undefined && uid > 0) return;
  if (uid === undefined && image?.username) {
    throw refuse(`container has runAsNonRoot and image has non-numeric user (${image.username}), cannot verify user is non-root`);
  }
  throw refuse("container has runAsNonRoot and image will run as root");
}
