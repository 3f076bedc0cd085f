import { isNotFound, type KubeObject, type Pod, Pods } from "@flotilla/api";
import { type Clock, type Logger, rfc3339 } from "@flotilla/base";
import type { ApiClient, EventRecorder } from "@flotilla/client";

export interface OutcomePorts {
  client: ApiClient;
  recorder: EventRecorder;
  clock: Clock;
  log: Logger;
}

/** Binds a pod to a node. Rejects when the API server refuses. */
export async function bind(ports: OutcomePorts, pod: Pod, nodeName: string): Promise<void> {
  const { name, namespace, uid } = pod.metadata;
  await ports.client.createSubresource(
    Pods,
    name!,
    "binding",
    { apiVersion: "v1", kind: "Binding", metadata: { name, namespace, uid }, target: { apiVersion: "v1", kind: "Node", name: nodeName } },
    { namespace },
  );
  ports.recorder.event(reference(pod), "Normal", "Scheduled", `Successfully assigned ${namespace}/${name} to ${nodeName}`);
}

/** Tells people why a pod has no node: an event, and its condition PodScheduled where that is news. */
export async function reportUnscheduled(
  ports: OutcomePorts,
  pod: Pod,
  reason: "Unschedulable" | "SchedulerError",
  message: string,
): Promise<void> {
  ports.recorder.event(reference(pod), "Warning", "FailedScheduling", message);
  await setPodScheduled(ports, pod, reason, message);
}

/** Marks and deletes the victims, and notes on the preemptor's status where it will go. */
export async function evict(ports: OutcomePorts, preemptor: Pod, nodeName: string, victims: readonly Pod[]): Promise<void> {
  const message = "default-scheduler: preempting to accommodate a higher priority pod";
  const now = rfc3339(ports.clock.now());
  const condition = { type: "DisruptionTarget", status: "True", reason: "PreemptionByScheduler", message, lastTransitionTime: now };
  for (const victim of victims) {
    const { name, namespace, uid } = victim.metadata;
    try {
      await patchStatus(ports, victim, { conditions: [condition] });
      await ports.client.delete(Pods, name!, { namespace, preconditions: { uid } });
      const by = `Preempted by pod ${preemptor.metadata.uid} on node ${nodeName}`;
      ports.recorder.event(reference(victim), "Normal", "Preempted", by);
    } catch (error) {
      if (!isNotFound(error)) ports.log.warn("could not preempt a pod", { pod: `${namespace}/${name}`, error });
    }
  }
}

export async function nominate(ports: OutcomePorts, pod: Pod, nodeName: string): Promise<void> {
  try {
    await patchStatus(ports, pod, { nominatedNodeName: nodeName });
  } catch (error) {
    if (!isNotFound(error)) ports.log.warn("could not nominate a node", { pod: pod.metadata.name, node: nodeName, error });
  }
}

async function patchStatus({ client }: OutcomePorts, pod: Pod, status: object): Promise<void> {
  const { name, namespace, uid } = pod.metadata;
  await client.patch(Pods, name!, { type: "strategic", body: { metadata: { uid }, status } }, { namespace, subresource: "status" });
}

export async function reportGated(ports: OutcomePorts, pod: Pod): Promise<void> {
  await setPodScheduled(ports, pod, "SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates");
}

async function setPodScheduled(ports: OutcomePorts, pod: Pod, reason: string, message: string): Promise<void> {
  const current = pod.status?.conditions?.find((c) => c.type === "PodScheduled");
  if (current?.status === "False" && current.reason === reason && current.message === message) return;
  const now = rfc3339(ports.clock.now());
  const lastTransitionTime = current?.status === "False" && current.lastTransitionTime ? current.lastTransitionTime : now;
  const condition = { type: "PodScheduled", status: "False", reason, message, lastProbeTime: null, lastTransitionTime };
  try {
    await patchStatus(ports, pod, { conditions: [condition] });
  } catch (error) {
    if (!isNotFound(error)) ports.log.warn("could not write the pod's condition", { pod: pod.metadata.name, error });
  }
}

function reference(pod: Pod): KubeObject {
  return { ...(pod as unknown as KubeObject), apiVersion: "v1", kind: "Pod" };
}
