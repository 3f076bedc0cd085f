// One cluster on Docker, from `flotilla up` to `flotilla down`, through the whole of a user's story.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { TestCluster } from "../support/cluster.ts";
import { BUSYBOX, buildBusybox } from "../support/images.ts";
import { isAlive, ok, run } from "../support/run.ts";
import { diagnoseSuite } from "./suites/diagnose.ts";
import { dockercoinsSuite } from "./suites/dockercoins.ts";
import { killsSuite } from "./suites/kills.ts";
import { nodesSuite } from "./suites/nodes.ts";
import { podsSuite } from "./suites/pods.ts";
import { wrongInputSuite } from "./suites/wrong-input.ts";

const cluster = new TestCluster("e2e-docker");

describe("a cluster on Docker", { concurrency: 1 }, () => {
  before(async () => {
    await buildBusybox();
    await ok("sh", ["examples/dockercoins/build.sh"], { timeout_ms: 300_000 });
    await cluster.flotilla(["up", "--runtime", "docker", "--failover", "fast"], { timeout_ms: 180_000 });
  });
  after(() => cluster.destroy());

  nodesSuite(cluster, "docker");
  podsSuite(cluster, BUSYBOX);
  diagnoseSuite(cluster, BUSYBOX);
  wrongInputSuite(cluster);
  dockercoinsSuite(cluster);
  killsSuite(cluster);

  test("down leaves nothing behind", async () => {
    const pids = (await cluster.status()).components.map((c) => c.pid);
    await cluster.flotilla(["down"]);
    const containers = await ok("docker", ["ps", "-aq", "--filter", `label=flotilla.cluster=${cluster.name}`]);
    assert.equal(containers.trim(), "");
    assert.deepEqual(pids.filter(isAlive), [], "processes are still there");
    assert.doesNotMatch(await ok("ip", ["netns", "list"]), new RegExp(cluster.name));
    assert.doesNotMatch((await run("cat", ["/proc/mounts"])).stdout, new RegExp(cluster.home));
    const contexts = await cluster.tryKubectl(["config", "get-contexts", "-o", "name"]);
    assert.doesNotMatch(contexts.stdout, /flotilla-/);
  });
});
