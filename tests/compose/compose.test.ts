// The same cluster from containers: docker-compose up, a killed control plane, a restart, down.
import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually, ok, ROOT, run } from "../support/run.ts";

const API_PORT = "16443";
const KUBECONFIG = join(ROOT, "kubeconfig/config");
const env = { FLOTILLA_API_PORT: API_PORT, FLOTILLA_RUNTIME: "process", COMPOSE_PROJECT_NAME: "flotilla-e2e-compose" };
const compose = (...args: string[]) => ok("docker-compose", args, { env, timeout_ms: 240_000 });
const kubectl = (...args: string[]) => ok("kubectl", ["--request-timeout=10s", ...args], { env: { KUBECONFIG }, timeout_ms: 20_000 });

async function allReady(count: number): Promise<boolean> {
  const rows = (await kubectl("get", "nodes", "--no-headers")).trim().split("\n");
  return rows.filter((row) => /\sReady\s/.test(row)).length === count;
}

describe("a cluster of containers", { concurrency: 1 }, () => {
  before(async () => {
    await ok("sh", ["deploy/build-image.sh"], { timeout_ms: 120_000 });
    await compose("up", "-d");
  });
  after(async () => {
    await run("docker-compose", ["down", "-v", "--timeout", "5"], { env, timeout_ms: 120_000 });
    rmSync(join(ROOT, "kubeconfig"), { recursive: true, force: true });
  });

  test("six nodes become Ready, with the kubeconfig in the mounted folder", async () => {
    await eventually("the kubeconfig is written", async () => existsSync(KUBECONFIG), 60_000);
    await eventually("six nodes are Ready", () => allReady(6), 180_000, 1000);
    await kubectl("create", "configmap", "kept", "--from-literal=a=b");
  });

  test("docker-compose kill of a control plane: kubectl goes on; up brings it back", async () => {
    await compose("kill", "cp2");
    await eventually("kubectl writes", () => kubectl("create", "configmap", "meanwhile"), 30_000);
    await eventually("cp2 is NotReady", async () => /cp2\s+NotReady/.test(await kubectl("get", "nodes")), 90_000, 1000);
    await compose("up", "-d");
    await eventually("six nodes are Ready again", () => allReady(6), 120_000, 1000);
  });

  test("docker-compose restart ends in a working cluster with its data", async () => {
    await compose("restart", "-t", "5");
    await eventually("the data is there", async () => /a: b/.test(await kubectl("get", "configmap", "kept", "-o", "yaml")), 120_000, 1000);
    await eventually("six nodes are Ready again", () => allReady(6), 120_000, 1000);
    await kubectl("get", "configmap", "meanwhile");
    await eventually("writes work", () => kubectl("create", "configmap", "afterwards"), 30_000);
  });

  test("down leaves no container behind", async () => {
    await compose("down", "-v", "--timeout", "5");
    const left = await ok("docker", ["ps", "-aq", "--filter", "label=com.docker.compose.project=flotilla-e2e-compose"]);
    assert.equal(left.trim(), "");
  });
});
