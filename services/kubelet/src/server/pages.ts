import { rfc3339 } from "@flotilla/base";
import type { PageReply, StatsReply } from "@flotilla/rpc/gen/flotilla/node/v1/node.ts";
import type { Kubelet } from "../kubelet.ts";
import type { StatsSource } from "./stats.ts";

const page = (code: number, contentType: string, body: string): PageReply => ({ code, contentType, body: Buffer.from(body) });
const text = (code: number, body: string): PageReply => page(code, "text/plain; charset=utf-8", body);
const json = (body: object): PageReply => page(200, "application/json", JSON.stringify(body));

/** What upstream's kubelet serves on its port over HTTP: /healthz, /pods, /stats/summary, /metrics/resource. */
export async function servePage(kubelet: Kubelet, stats: StatsSource, path: string): Promise<PageReply> {
  switch (path.split("?")[0]!.replace(/\/$/, "")) {
    case "/healthz":
      return kubelet.healthy() ? text(200, "ok") : text(500, "[-]container runtime does not answer\nhealthz check failed\n");
    case "/pods":
      return json({ kind: "PodList", apiVersion: "v1", metadata: {}, items: kubelet.workers.all().map((worker) => worker.pod) });
    case "/stats/summary":
      return json(summary(kubelet, await stats.read()));
    case "/metrics/resource":
      return page(200, "text/plain; version=0.0.4; charset=utf-8", resourceMetrics(await stats.read()));
    default:
      return text(404, "404 page not found\n");
  }
}

/** stats/v1alpha1 Summary, as far as the runtime counts. */
function summary(kubelet: Kubelet, stats: StatsReply): object {
  const time = rfc3339(kubelet.kit.clock.now());
  const usage = (usageNanoCores: number, workingSetBytes: number) => ({ cpu: { time, usageNanoCores }, memory: { time, workingSetBytes } });
  const pods = kubelet.workers
    .all()
    .map((worker) => worker.pod)
    .map((pod) => {
      const { name, namespace, uid } = pod.metadata;
      const containers = stats.containers
        .filter((c) => c.namespace === namespace && c.pod === name)
        .map((c) => ({ name: c.container, ...usage(c.cpuUsageNanoCores, c.memoryWorkingSetBytes) }));
      const sum = (of: (c: StatsReply["containers"][number]) => number) =>
        stats.containers.filter((c) => c.namespace === namespace && c.pod === name).reduce((total, c) => total + of(c), 0);
      return {
        podRef: { name, namespace, uid },
        containers,
        ...usage(
          sum((c) => c.cpuUsageNanoCores),
          sum((c) => c.memoryWorkingSetBytes),
        ),
      };
    });
  const node = { nodeName: kubelet.kit.node.name, ...usage(stats.nodeCpuUsageNanoCores, stats.nodeMemoryWorkingSetBytes) };
  return { node, pods };
}

/** Memory alone: CPU is a counter there, and what we keep are rates. */
function resourceMetrics(stats: StatsReply): string {
  const lines = stats.containers.map(
    (c) =>
      `container_memory_working_set_bytes{container="${c.container}",namespace="${c.namespace}",pod="${c.pod}"} ${c.memoryWorkingSetBytes}`,
  );
  return [
    "# TYPE container_memory_working_set_bytes gauge",
    ...lines,
    "# TYPE node_memory_working_set_bytes gauge",
    `node_memory_working_set_bytes ${stats.nodeMemoryWorkingSetBytes}`,
    "",
  ].join("\n");
}
