import type { Container, ContainerStats } from "@flotilla/cri/messages.ts";
import { readUsage } from "@flotilla/cri/process/cgroups.ts";
import { nanos } from "@flotilla/cri/time.ts";
import type { DockerContext } from "./context.ts";

interface DockerStats {
  cpu_stats?: { cpu_usage?: { total_usage?: number } };
  memory_stats?: { usage?: number; stats?: { total_inactive_file?: number; inactive_file?: number } };
}

/** From the container's cgroup files where they are visible (no round trip), else from the daemon. */
export async function statsOf(
  context: DockerContext,
  container: Pick<Container, "id" | "metadata" | "labels" | "annotations">,
): Promise<ContainerStats> {
  const usage = readUsage(`docker/${container.id}`) ?? (await askDaemon(context, container.id));
  const timestamp = nanos(context.clock.now());
  return {
    attributes: { id: container.id, metadata: container.metadata, labels: container.labels, annotations: container.annotations },
    cpu: { timestamp, usageCoreNanoSeconds: { value: usage.cpu_ns } },
    memory: { timestamp, workingSetBytes: { value: usage.memory_bytes } },
    writableLayer: { timestamp, fsId: { mountpoint: context.dockerRootDir }, usedBytes: { value: 0 }, inodesUsed: { value: 0 } },
  };
}

async function askDaemon(context: DockerContext, id: string): Promise<{ cpu_ns: number; memory_bytes: number }> {
  const query = { stream: false, "one-shot": true } as unknown as { stream: false }; // the types lack API 1.41's one-shot
  const stats: DockerStats = await context.docker
    .getContainer(id)
    .stats(query)
    .catch(() => ({}));
  const memory = stats.memory_stats;
  const inactive = memory?.stats?.total_inactive_file ?? memory?.stats?.inactive_file ?? 0;
  return { cpu_ns: stats.cpu_stats?.cpu_usage?.total_usage ?? 0, memory_bytes: Math.max(0, (memory?.usage ?? 0) - inactive) };
}
