import { apiError, type ContainerStatus, type Pod } from "@flotilla/api";
import type { ObservedContainer, ObservedSandbox } from "../cri/observed.ts";
import type { Kubelet } from "../kubelet.ts";
import { allContainers } from "../pods/pod.ts";

/** @throws ApiError NotFound */
export function findPod(kubelet: Kubelet, namespace: string, name: string): Pod {
  const pod = kubelet.sources.byName(namespace, name);
  if (!pod) throw apiError("NotFound", `pod "${name}" in namespace "${namespace}" is not on this node`);
  return pod;
}

/** @throws ApiError when no such container runs. */
export async function findRunning(kubelet: Kubelet, namespace: string, name: string, container: string): Promise<ObservedContainer> {
  const pod = findPod(kubelet, namespace, name);
  const wanted = container || allContainers(pod)[0]?.name;
  const observed = await kubelet.kit.observer.observe(pod.metadata.uid!);
  const found = observed.containers.find((c) => c.name === wanted && c.state === "running");
  if (!found) throw apiError("NotFound", `container not found ("${wanted}")`);
  return found;
}

/** @throws ApiError when the pod has no sandbox now. */
export async function findSandbox(kubelet: Kubelet, namespace: string, name: string): Promise<ObservedSandbox> {
  const pod = findPod(kubelet, namespace, name);
  const observed = await kubelet.kit.observer.observe(pod.metadata.uid!);
  const found = observed.sandboxes.find((s) => s.ready);
  if (!found) throw apiError("NotFound", `pod not found ("${name}_${namespace}")`);
  return found;
}

/** The id of the container whose log is meant. Pure. @throws ApiError BadRequest as upstream words it. */
export function logContainerId(pod: Pod, statuses: readonly ContainerStatus[], container: string, previous: boolean): string {
  const pair = `container "${container}" in pod "${pod.metadata.name}"`;
  if (!allContainers(pod).some((c) => c.name === container)) {
    throw apiError("BadRequest", `container ${container} is not valid for pod ${pod.metadata.name}`);
  }
  const status = statuses.find((s) => s.name === container);
  if (!status) throw apiError("BadRequest", `${pair} is not available`);
  const last = status.lastState?.terminated?.containerID;
  const id = (full: string) => full.slice(full.indexOf("://") + 3);
  if (previous) {
    if (last) return id(last);
    throw apiError("BadRequest", `previous terminated ${pair} not found`);
  }
  if (status.state?.running && status.containerID) return id(status.containerID);
  const ended = status.state?.terminated?.containerID ?? last;
  if (ended) return id(ended);
  const reason = status.state?.waiting?.reason ?? "ContainerCreating";
  const pulling = reason === "ErrImagePull" || reason === "ImagePullBackOff";
  throw apiError("BadRequest", `${pair} is waiting to start: ${pulling ? "trying and failing to pull image" : reason}`);
}
