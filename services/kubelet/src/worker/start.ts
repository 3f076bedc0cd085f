import type { Container, EphemeralContainer, Pod, Secret, Service } from "@flotilla/api";
import type * as cri from "@flotilla/rpc/gen/cri/v1/api.ts";
import { goDuration } from "../actions/backoff.ts";
import { containerConfig } from "../containers/container-config.ts";
import { hostnameOf, hostsFile } from "../containers/hosts.ts";
import { ANNOTATION, containerHash } from "../cri/labels.ts";
import { latest, type ObservedPod } from "../cri/observed.ts";
import { resolveEnv } from "../env/resolve.ts";
import { messageOf, StartError } from "../errors.ts";
import { allStatuses, describePod, usesHostNetwork } from "../pods/pod.ts";
import { containerMounts, terminationLog } from "../volumes/mounts.ts";
import { runHook } from "./hooks.ts";
import { killContainer } from "./kill.ts";
import type { Kit } from "./kit.ts";

const POST_START_LIMIT_MS = 300_000;

/** What all containers of one sync share. */
export interface StartContext {
  sandboxId: string;
  sandbox: cri.PodSandboxConfig;
  runtimeHandler: string;
  podIPs: string[];
  volumes: ReadonlyMap<string, string>;
  services: readonly Service[];
  secrets: readonly Secret[];
  signal: AbortSignal;
}

export const backoffKey = (pod: Pod, container: Container): string => `${pod.metadata.uid}_${container.name}_${containerHash(container)}`;

/** Pulls, creates and starts one container, with the events upstream gives at each step. @throws StartError */
export async function startContainer(
  kit: Kit,
  pod: Pod,
  container: Container,
  observed: ObservedPod,
  context: StartContext,
): Promise<void> {
  const emit = (type: "Normal" | "Warning", reason: string, message: string) => kit.events.emit(pod, type, reason, message, container);
  checkBackoff(kit, pod, container, observed, emit);
  const image = await kit.images.ensure({ ...context, pod, container, emit });
  const containerId = await create(kit, pod, container, observed, context, image, emit);
  emit("Normal", "Created", `Created container: ${container.name}`);
  try {
    await kit.runtime.startContainer(containerId);
  } catch (error) {
    emit("Warning", "Failed", `Error: ${messageOf(error)}`);
    throw new StartError("RunContainerError", messageOf(error));
  }
  emit("Normal", "Started", `Started container ${container.name}`);
  if (container.lifecycle?.postStart) await postStart(kit, pod, container, containerId, context, emit);
}

type Emit = (type: "Normal" | "Warning", reason: string, message: string) => void;

/** A container that ended is started again at once the first time, then after 10 s, 20 s, … 5 min. */
function checkBackoff(kit: Kit, pod: Pod, container: Container, observed: ObservedPod, emit: Emit): void {
  const last = latest(observed, container.name);
  if (last?.state !== "exited") return;
  const key = backoffKey(pod, container);
  const finished_ms = last.finishedAt_ms || kit.clock.now();
  if (kit.restarts.remaining_ms(key, finished_ms, kit.clock.now()) > 0) {
    emit("Warning", "BackOff", `Back-off restarting failed container ${container.name} in pod ${describePod(pod)}`);
    const delay = goDuration(kit.restarts.delay_ms(key));
    throw new StartError("CrashLoopBackOff", `back-off ${delay} restarting failed container=${container.name} pod=${describePod(pod)}`);
  }
  kit.restarts.next(key, finished_ms);
}

async function create(
  kit: Kit,
  pod: Pod,
  container: Container,
  observed: ObservedPod,
  context: StartContext,
  image: cri.Image,
  emit: Emit,
): Promise<string> {
  try {
    const config = await buildConfig(kit, pod, container, observed, context, image);
    return await kit.runtime.createContainer(context.sandboxId, config, context.sandbox);
  } catch (error) {
    emit("Warning", "Failed", `Error: ${messageOf(error)}`);
    throw error instanceof StartError ? error : new StartError("CreateContainerError", messageOf(error));
  }
}

async function buildConfig(
  kit: Kit,
  pod: Pod,
  container: Container,
  observed: ObservedPod,
  context: StartContext,
  image: cri.Image,
): Promise<cri.ContainerConfig> {
  const addresses = { podIPs: usesHostNetwork(pod) ? [kit.node.hostIP()] : context.podIPs, hostIP: kit.node.hostIP() };
  const env = await resolveEnv(pod, container, {
    objects: kit.api,
    services: context.services,
    addresses,
    allocatable: kit.node.allocatable(),
  });
  const { hostname, domain } = hostnameOf(pod, kit.node.name, kit.node.clusterDomain);
  const hosts = hostsFile(pod, context.podIPs, hostname, domain, kit.node.hostsFile());
  const mounts = await containerMounts(pod, container, { root: kit.rootDirectory, volumes: context.volumes, env, hostsFile: hosts });
  const log = await terminationLog(kit.rootDirectory, pod, container, kit.random);
  const last = latest(observed, container.name);
  const before = allStatuses(kit.status.current(pod)).find((s) => s.name === container.name);
  const told = before?.containerID ? before.restartCount + 1 : 0;
  const restartCount = Math.max(last ? last.restartCount + 1 : 0, told);
  const config = containerConfig(pod, container, {
    env,
    mounts: [...mounts, log],
    image,
    imageRef: image.id || container.image!,
    restartCount,
    targetId: targetOf(container, observed),
    node: kit.node,
  });
  config.annotations[ANNOTATION.terminationLog] = log.hostPath;
  return config;
}

/** @throws StartError when the container to look into does not run. */
function targetOf(container: EphemeralContainer, observed: ObservedPod): string {
  const name = container.targetContainerName;
  if (!name) return "";
  const target = latest(observed, name);
  if (target?.state === "running") return target.id;
  throw new StartError("CreateContainerConfigError", `unable to find target container ${JSON.stringify(name)}`);
}

async function postStart(kit: Kit, pod: Pod, container: Container, id: string, context: StartContext, emit: Emit): Promise<void> {
  const podIP = context.podIPs[0] ?? kit.node.hostIP();
  try {
    await runHook(kit, container.lifecycle!.postStart!, container, id, podIP, POST_START_LIMIT_MS);
  } catch (error) {
    emit("Warning", "FailedPostStartHook", "PostStartHook failed");
    const now = await kit.observer.observe(pod.metadata.uid!);
    const running = now.containers.find((c) => c.id === id);
    if (running) await killContainer(kit, pod, running, pod.spec?.terminationGracePeriodSeconds ?? 30, "FailedPostStartHook");
    throw new StartError("PostStartHookError", messageOf(error));
  }
}
