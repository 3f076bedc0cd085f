// Time to a Running pod, one and twenty at once, against raw Docker starting the same containers.
import { TestCluster } from "../support/cluster.ts";
import { BUSYBOX, buildBusybox } from "../support/images.ts";
import { eventually, ok } from "../support/run.ts";
import { ApiAccess } from "./api-access.ts";
import { median, round, timed_s } from "./measure.ts";

const pod = (name: string) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { bench: "pods" } },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: "c", image: BUSYBOX, command: ["sleep", "3600"] }] },
});
const PODS = "/api/v1/namespaces/default/pods";

/** A pod is two containers: one that holds the namespaces, one that runs the command. */
async function rawDocker(count: number): Promise<number> {
  const names = Array.from({ length: count }, (_, i) => `flotilla-bench-${process.pid}-${i}`);
  try {
    return await timed_s(() =>
      Promise.all(
        names.map(async (name) => {
          await ok("docker", ["run", "-d", "--network", "none", "--name", `${name}-p`, BUSYBOX, "sleep", "3600"]);
          await ok("docker", ["run", "-d", "--network", `container:${name}-p`, "--name", name, BUSYBOX, "sleep", "3600"]);
        }),
      ),
    );
  } finally {
    await ok("docker", ["rm", "-f", ...names.flatMap((name) => [name, `${name}-p`])]);
  }
}

/** From the first POST to the last pod Running, as a client that asks every 20 ms sees it. */
async function pods(cluster: TestCluster, count: number): Promise<number> {
  const api = new ApiAccess(cluster.kubeconfig);
  await api.call("GET", PODS);
  const took = await timed_s(async () => {
    for (let i = 0; i < count; i++) await api.call("POST", PODS, pod(`bench-${i}`));
    const running = async () => {
      const { body } = await api.call("GET", `${PODS}?labelSelector=bench%3Dpods`);
      return body.items.filter((item: any) => item.status?.containerStatuses?.[0]?.state?.running).length === count;
    };
    await eventually("all run", running, 120_000, 20);
  });
  api.close();
  await cluster.kubectl("delete", "pods", "-l", "bench=pods", "--now");
  return took;
}

export default async function bench(args: string[]): Promise<Record<string, unknown>> {
  const runs = Number(args[0] ?? 3);
  await buildBusybox();
  const cluster = new TestCluster("bench-pods");
  try {
    await cluster.flotilla(["up", "--runtime", "docker"]);
    const figures: Record<string, unknown> = { runs };
    for (const count of [1, 20]) {
      const ours: number[] = [];
      const raw: number[] = [];
      for (let i = 0; i < runs; i++) {
        raw.push(await rawDocker(count));
        ours.push(await pods(cluster, count));
      }
      figures[`pods${count}_s`] = round(median(ours));
      figures[`docker${count}_s`] = round(median(raw));
      figures[`ratio${count}`] = round(median(ours.map((s, i) => s / raw[i]!)));
    }
    return { ...figures, goal_ratio: 1.5 };
  } finally {
    await cluster.destroy();
  }
}
