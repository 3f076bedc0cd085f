import { isNotFound, type Pod, Pods } from "@flotilla/api";
import { type Clock, rfc3339 } from "@flotilla/base";
import type { ApiClient } from "@flotilla/client";
import { type StatusCondition, withCondition } from "@flotilla/controller";

/** Says on a pod why it is about to be deleted (condition DisruptionTarget, KEP-3329). */
export async function markDisrupted(
  ports: { client: ApiClient; clock: Clock },
  pod: Pod,
  why: { reason: string; message: string; phase?: "Failed" },
): Promise<void> {
  const now = ports.clock.now();
  const old = (pod.status?.conditions ?? []) as StatusCondition[];
  const { phase, ...rest } = why;
  const condition = { type: "DisruptionTarget", status: "True", ...rest, lastProbeTime: null };
  const conditions = withCondition(old, condition as StatusCondition, now);
  const failed = phase && pod.status?.phase !== "Succeeded" ? { phase } : {};
  const status = { startTime: rfc3339(now), ...pod.status, ...failed, conditions } as Pod["status"];
  await ports.client.updateStatus(Pods, { ...pod, status }).catch((error) => {
    if (!isNotFound(error)) throw error;
  });
}
