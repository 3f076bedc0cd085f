import assert from "node:assert/strict";
import { test } from "node:test";
import { apiError, type Deployment, Deployments, isApiError, isPodReady, type Pod, Pods, ReplicaSets } from "@flotilla/api";
import { type Random, randomInt, rfc3339, seededRandom } from "@flotilla/base";
import { startReplicaSetController } from "../replicaset/controller.ts";
import { startControllers } from "../testing/controllers.ts";
import { startDeploymentController } from "./controller.ts";

/**
 * Random lives of a Deployment: new images (some bad), new sizes, pods that fail or are
 * deleted, an API that refuses or drops watches. Held all the time: never more pods than
 * size and surge allow. At the end, left in peace with a good image: complete.
 */
function world(random: Random) {
  const c = startControllers([startDeploymentController, startReplicaSetController]);
  const pick = <T>(...options: T[]): T => options[randomInt(random, options.length)]!;
  const labels = { app: "web" };
  const rollingUpdate = { maxSurge: pick<number | string>(0, 1, "25%", "100%"), maxUnavailable: pick<number | string>(1, 2, "25%") };
  const spec = (image: string, replicas: number) => ({
    replicas,
    progressDeadlineSeconds: 60,
    revisionHistoryLimit: pick(0, 2, 10),
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: "c", image }] } },
    strategy: { type: "RollingUpdate", rollingUpdate },
  });
  c.api.seed(Deployments, { metadata: { name: "web", namespace: "default" }, spec: spec("good-0", pick(1, 3, 7)) } as Deployment);
  let largest = 0;

  const web = () => c.api.all(Deployments)[0]!;
  const alive = () => c.api.all(Pods).filter((p) => !p.metadata.deletionTimestamp && p.status?.phase !== "Failed");
  const change = async (image: string, replicas: number) => {
    await c.api.update(Deployments, {
      ...web(),
      metadata: { ...web().metadata, resourceVersion: undefined },
      spec: spec(image, replicas) as Deployment["spec"],
    });
  };
  /** Pods of good images become ready, as a kubelet would have it. */
  const serve = async () => {
    for (const pod of alive().filter((p) => p.spec!.containers[0]!.image!.startsWith("good") && !isPodReady(p))) {
      const conditions = [{ type: "Ready", status: "True", lastTransitionTime: rfc3339(c.clock.now()) }];
      await c.api.updateStatus(Pods, { ...pod, status: { phase: "Running", conditions } } as Pod);
    }
  };
  const steps: Record<string, () => unknown> = {
    image: () => change(`${pick("good", "bad")}-${randomInt(random, 4)}`, web().spec!.replicas!),
    size: () => change(web().spec!.template.spec!.containers[0]!.image!, pick(0, 1, 2, 5, 9)),
    serve,
    delete: async () => {
      const [pod] = alive();
      if (pod) await c.api.delete(Pods, pod.metadata.name!, { namespace: "default" });
    },
    fail: async () => {
      const [pod] = alive();
      if (pod) await c.api.updateStatus(Pods, { ...pod, status: { phase: "Failed" } });
    },
    refuse: () => {
      let left = pick(1, 3);
      const stop = c.api.react(pick("create", "update", "delete"), pick("pods", "replicasets"), () => {
        if (left-- > 0) throw apiError(pick("ServiceUnavailable", "Forbidden", "Conflict"), "not now");
        stop();
        return undefined;
      });
    },
    drop: () => c.api.disconnectWatches(),
    wait: () => c.run(pick(100, 5_000, 61_000)),
  };
  const step = async () => {
    // The refusals are meant for the controllers, but people and kubelets run into them too.
    await Promise.resolve(steps[pick(...Object.keys(steps))]!()).catch((error) => {
      if (!isApiError(error)) throw error;
    });
    await c.run(200);
    largest = Math.max(largest, web().spec!.replicas!);
  };
  return { ...c, web, alive, change, serve, step, bound: () => largest };
}

for (let seed = 1; seed <= 12; seed++) {
  test(`a deployment converges, seed ${seed}`, async () => {
    const w = world(seededRandom(seed));
    await w.run(500);
    for (let i = 0; i < 30; i++) {
      await w.step();
      // Sizes went up and down on the way: the fence holds for the largest of them, doubled by the largest surge.
      assert.ok(w.alive().length <= Math.max(7, w.bound()) * 2, `${w.alive().length} pods`);
    }
    await w.change("good-final", 6);
    for (let i = 0; i < 30; i++) {
      await w.serve().catch(() => {});
      await w.run(2_000);
    }
    const { status } = w.web();
    assert.deepEqual(
      [status?.replicas, status?.updatedReplicas, status?.availableReplicas, status?.unavailableReplicas ?? 0],
      [6, 6, 6, 0],
    );
    assert.equal(status?.conditions?.find((x) => x.type === "Progressing")?.reason, "NewReplicaSetAvailable");
    assert.deepEqual(
      w.alive().map((p) => p.spec!.containers[0]!.image),
      Array(6).fill("good-final"),
    );
    assert.equal(w.api.all(ReplicaSets).filter((s) => s.spec!.replicas! > 0).length, 1);
    w.stop.abort();
  });
}
