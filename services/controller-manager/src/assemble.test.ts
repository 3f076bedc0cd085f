import assert from "node:assert/strict";
import { test } from "node:test";
import { type Deployment, Deployments, Leases, Pods } from "@flotilla/api";
import { seededRandom, silentLogger } from "@flotilla/base";
import { FakeApiClient } from "@flotilla/client/fake/index.ts";
import { FakeClock } from "@flotilla/testing";
import { createControllerManager } from "./assemble.ts";
import { defaultConfig } from "./config.ts";
import { CONTROLLERS, selectControllers } from "./controllers.ts";

test("--controllers takes names, old names, minus and star, and refuses what it does not know", () => {
  const names = (...wanted: string[]) => selectControllers(wanted).map((c) => c.name);
  assert.equal(names("*").length, CONTROLLERS.length);
  assert.deepEqual(names("deployment", "replicaset-controller"), ["deployment-controller", "replicaset-controller"]);
  assert.ok(!names("*", "-garbagecollector").includes("garbage-collector-controller"));
  assert.equal(names("*", "bootstrapsigner", "tokencleaner").length, CONTROLLERS.length, "kubeadm's manifest names them");
  assert.throws(() => names("nonsense"), /"nonsense" is not in the list of known controllers/);
});

test("two managers: one works, the other takes over when it stops", async () => {
  const clock = new FakeClock();
  const api = new FakeApiClient(clock);
  const times = { leaseDuration_ms: 15_000, renewDeadline_ms: 10_000, retryPeriod_ms: 2_000 };
  const start = (identity: string) => {
    const stop = new AbortController();
    const ports = { clock, random: seededRandom(identity.length), log: silentLogger, client: api };
    const done = createControllerManager(ports, defaultConfig).run(stop.signal, {
      namespace: "kube-system",
      name: "kcm",
      identity,
      ...times,
    });
    return { stop, done };
  };
  const deploy = (name: string) => {
    const labels = { app: name };
    const spec = { replicas: 2, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [] } } };
    return api.create(Deployments, { metadata: { name, namespace: "default" }, spec } as unknown as Deployment);
  };
  const first = start("a");
  await clock.advanceAsync(100);
  const second = start("bb");
  await deploy("one");
  await clock.advanceAsync(500);
  assert.equal(api.all(Pods).length, 2);
  first.stop.abort();
  await first.done;
  await deploy("two");
  await clock.advanceAsync(5_000);
  assert.equal(api.all(Leases)[0]!.spec?.holderIdentity, "bb");
  assert.equal(api.all(Pods).length, 4);
  second.stop.abort();
  assert.equal(await second.done, "stopped");
});
