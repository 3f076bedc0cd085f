import assert from "node:assert/strict";
import { test } from "node:test";
import { chromium } from "playwright-core";
import type { TestCluster } from "../../support/cluster.ts";
import { eventually } from "../../support/run.ts";

export const WEBUI_PORT = 30001;
const TAG = "v0.1";

/** Deploys DockerCoins by the commands a person types, and waits until it mines. */
export async function deployDockercoins(cluster: TestCluster): Promise<void> {
  for (const name of ["redis", "rng", "hasher", "worker", "webui"]) {
    await cluster.kubectl("create", "deployment", name, `--image=dockercoins/${name}:${TAG}`);
  }
  await cluster.kubectl("expose", "deployment", "redis", "--port=6379");
  await cluster.kubectl("expose", "deployment", "rng", "--port=80");
  await cluster.kubectl("expose", "deployment", "hasher", "--port=80");
  await cluster.kubectl("create", "service", "nodeport", "webui", "--tcp=80", `--node-port=${WEBUI_PORT}`);
  for (const name of ["redis", "rng", "hasher", "worker", "webui"]) {
    await cluster.kubectl("rollout", "status", `deploy/${name}`, "--timeout=90s");
  }
}

/** Hashes counted so far, as the page reads them. */
export async function hashes(url: string): Promise<number> {
  const response = await fetch(new URL("/json", url), { signal: AbortSignal.timeout(5000) });
  return ((await response.json()) as { hashes: number }).hashes;
}

/** Hashes per second over `seconds`. */
export async function hashRate(url: string, seconds: number): Promise<number> {
  const [before, at] = [await hashes(url), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  return ((await hashes(url)) - before) / ((performance.now() - at) / 1000);
}

/** Step 3 of the user's story. Ends with DockerCoins running, for the kills to come. */
export function dockercoinsSuite(cluster: TestCluster): void {
  let url = "";

  test("DockerCoins comes up by create, expose and create service nodeport", async () => {
    await deployDockercoins(cluster);
    url = (await cluster.flotilla(["service", "webui", "--url"])).trim();
    assert.match(url, /^http:\/\/[\d.]+:\d+$/);
    await eventually("it counts hashes", async () => (await hashes(url)) > 5, 30_000);
  });

  test("the page shows a moving graph in a real browser", async () => {
    const browser = await chromium.launch({
      executablePath: "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
    try {
      const page = await browser.newPage();
      await page.goto(url);
      const shown = async () => Number(/([\d.,]+)/.exec((await page.textContent("body")) ?? "")?.[1]?.replace(/,/g, "") ?? Number.NaN);
      await eventually("a speed is shown", async () => (await shown()) > 0, 20_000);
      const before = await page.screenshot();
      await new Promise((resolve) => setTimeout(resolve, 2500));
      assert.notDeepEqual(await page.screenshot(), before, "the picture did not move");
    } finally {
      await browser.close();
    }
  });

  test("scaling the worker to 10 makes it rise", async () => {
    const before = await hashRate(url, 4);
    await cluster.kubectl("scale", "deploy/worker", "--replicas=10");
    await cluster.kubectl("rollout", "status", "deploy/worker", "--timeout=90s");
    await eventually("the rate rises", async () => (await hashRate(url, 4)) > before * 2, 60_000);
  });

  test("a deleted worker is replaced", async () => {
    const names = async () =>
      (await cluster.json("get", "pods", "-l", "app=worker")).items
        .filter((p: any) => !p.metadata.deletionTimestamp)
        .map((p: any) => p.metadata.name as string);
    const [victim] = await names();
    await cluster.kubectl("delete", "pod", victim!, "--wait=false");
    await eventually("ten again, without it", async () => {
      const now = await names();
      return now.length === 10 && !now.includes(victim!);
    });
    await cluster.kubectl("rollout", "status", "deploy/worker", "--timeout=60s");
  });

  test("a bad image stalls the rollout, undo mends it", async () => {
    await cluster.kubectl("set", "image", "deploy/worker", `worker=dockercoins/worker:v0.9-broken`);
    await eventually("the new pods cannot pull", async () =>
      /ErrImagePull|ImagePullBackOff/.test(await cluster.kubectl("get", "pods", "-l", "app=worker")),
    );
    const stalled = await cluster.tryKubectl(["rollout", "status", "deploy/worker", "--timeout=3s"]);
    assert.equal(stalled.code, 1);
    assert.ok((await hashRate(url, 3)) > 0, "the old pods must go on");
    await cluster.kubectl("rollout", "undo", "deploy/worker");
    await cluster.kubectl("rollout", "status", "deploy/worker", "--timeout=60s");
    assert.match(await cluster.kubectl("rollout", "history", "deploy/worker"), /REVISION[\s\S]*2[\s\S]*3/);
    const pods = await cluster.json("get", "pods", "-l", "app=worker");
    assert.ok(pods.items.every((p: any) => p.metadata.deletionTimestamp || p.spec.containers[0].image === `dockercoins/worker:${TAG}`));
  });

  test("logs -f, describe, events, get -w speak", async () => {
    const followed = await cluster.tryKubectl(["logs", "-f", "deploy/worker"], { timeout_ms: 4000 });
    assert.ok(followed.stdout.trim().split("\n").length >= 2, `logs -f printed: ${followed.stdout}${followed.stderr}`);
    const described = await cluster.kubectl("describe", "deployment", "worker");
    assert.match(described, /StrategyType:\s+RollingUpdate/);
    assert.match(described, /Events:[\s\S]*ScalingReplicaSet/);
    const events = await cluster.kubectl("get", "events", "--sort-by=.lastTimestamp");
    for (const reason of ["Scheduled", "Pulled", "Created", "Started", "SuccessfulCreate", "ScalingReplicaSet"])
      assert.match(events, new RegExp(`\\b${reason}\\b`));
    const watching = cluster.tryKubectl(["get", "pods", "-w", "-l", "app=rng"], { timeout_ms: 6000 });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await cluster.kubectl("scale", "deploy/rng", "--replicas=2");
    const rows = (await watching).stdout.trim().split("\n");
    assert.ok(
      rows.some((row) => /Pending|ContainerCreating/.test(row)) && rows.filter((row) => /Running/.test(row)).length >= 2,
      rows.join("\n"),
    );
  });

  test("delete deployment takes its ReplicaSets and pods", async () => {
    await cluster.kubectl("create", "deployment", "brief", `--image=dockercoins/rng:${TAG}`, "--replicas=2");
    await cluster.kubectl("rollout", "status", "deploy/brief", "--timeout=60s");
    await cluster.kubectl("delete", "deployment", "brief");
    await eventually("nothing is left", async () => (await cluster.json("get", "rs,pods", "-l", "app=brief")).items.length === 0);
  });
}
