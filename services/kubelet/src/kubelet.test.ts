import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ConfigMaps, Leases, Nodes, type Pod, Pods, Secrets, Services } from "@flotilla/api";
import { eventually, makePod, NODE, startHarness } from "./testing/harness.ts";

let h: Awaited<ReturnType<typeof startHarness>>;
before(async () => {
  h = await startHarness();
  await eventually("the node", () => h.node());
  await h.api.patch(Nodes, NODE, { type: "merge", body: { spec: { podCIDR: "10.244.3.0/24" } } });
});
after(() => h.stop());

const condition = (pod: Pod | undefined, type: string) => pod?.status?.conditions?.find((c) => c.type === type)?.status;
const isReady = (name: string) => condition(h.pod(name), "Ready") === "True";
const start = async (pod: Pod) => {
  await h.api.create(Pods, pod);
  return pod;
};
const waiting = (name: string) => h.pod(name)?.status?.containerStatuses?.[0]?.state?.waiting;

test("the node registers, gets a network and is Ready; its lease is renewed", async () => {
  await eventually("Ready", () => h.node()?.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True"));
  const node = h.node()!;
  assert.equal(node.metadata.labels?.["kubernetes.io/hostname"], NODE);
  assert.equal(node.status?.nodeInfo?.containerRuntimeVersion, "fake://1.0");
  assert.deepEqual(node.status?.addresses?.[0], { type: "InternalIP", address: "172.30.0.21" });
  assert.equal(node.status?.capacity?.["cpu"], "2");
  const conflist = JSON.parse(readFileSync(join(h.root, "cni/10-flotilla.conflist"), "utf8"));
  assert.deepEqual(conflist.plugins[0].ipam.ranges, [[{ subnet: "10.244.3.0/24" }]]);
  assert.equal((await eventually("the lease", () => h.api.all(Leases)[0])).spec?.holderIdentity, NODE);
});

test("another node's pods get a route, and lose it with the node", async () => {
  const other = {
    metadata: { name: "n2" },
    spec: { podCIDR: "10.244.9.0/24" },
    status: { addresses: [{ type: "InternalIP", address: "172.30.0.22" }] },
  };
  await h.api.create(Nodes, other as never);
  await eventually("the route", () => h.commands.includes("ip route replace 10.244.9.0/24 via 172.30.0.22 proto 213"));
});

test("a pod runs with its environment, volumes and address, and events tell how", async () => {
  h.api.seed(ConfigMaps, { metadata: { name: "settings", namespace: "default" }, data: { color: "blue" } });
  h.api.seed(Secrets, { metadata: { name: "keys", namespace: "default" }, data: { key: Buffer.from("s3cret").toString("base64") } });
  h.api.seed(Services, {
    metadata: { name: "redis", namespace: "default" },
    spec: { clusterIP: "10.96.0.7", ports: [{ port: 6379 }] },
  } as never);
  await start(
    makePod("full", {
      containers: [
        {
          name: "app",
          image: "app:v1",
          env: [
            { name: "COLOR", valueFrom: { configMapKeyRef: { name: "settings", key: "color" } } },
            { name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
            { name: "BOTH", value: "$(COLOR) $(NOPE) $$(COLOR)" },
          ],
          envFrom: [{ secretRef: { name: "keys" } }],
          volumeMounts: [{ name: "conf", mountPath: "/conf" }],
          resources: { limits: { cpu: "500m", memory: "64Mi" } },
        },
      ],
      volumes: [{ name: "conf", configMap: { name: "settings" } }],
    } as never),
  );
  await eventually("Ready", () => isReady("full"));
  const { status } = h.pod("full")!;
  assert.equal(status?.phase, "Running");
  assert.equal(status?.qosClass, "Guaranteed");
  assert.match(status?.podIP ?? "", /^10\.244\.0\./);
  const { config } = h.runtime.byName("app")!;
  const env = Object.fromEntries(config.envs.map((e) => [e.key, e.value]));
  assert.equal(env["COLOR"], "blue");
  assert.equal(env["IP"], status?.podIP);
  assert.equal(env["BOTH"], "blue $(NOPE) $(COLOR)");
  assert.equal(env["key"], "s3cret");
  assert.equal(env["REDIS_SERVICE_HOST"], "10.96.0.7");
  assert.equal(env["REDIS_PORT_6379_TCP"], "tcp://10.96.0.7:6379");
  assert.equal(config.linux?.resources?.cpuQuota, 50_000);
  assert.equal(config.linux?.resources?.memoryLimitInBytes, 64 * 1024 * 1024);
  const mount = config.mounts.find((m) => m.containerPath === "/conf")!;
  assert.equal(readFileSync(join(mount.hostPath, "color"), "utf8"), "blue");
  await eventually("Started", () => h.events("Started").some((e) => e.involvedObject.name === "full"));
  for (const reason of ["Pulled", "Created", "Started"]) {
    const event = h.events(reason).find((e) => e.involvedObject.name === "full");
    assert.equal(event?.involvedObject.fieldPath, "spec.containers{app}", reason);
  }
});

test("init containers run in order before the main one", async () => {
  h.runtime.exits.set("one", 0).set("two", 0);
  const init = ["one", "two"].map((name) => ({ name, image: "app:v1", imagePullPolicy: "IfNotPresent" }));
  await start(
    makePod("initial", { initContainers: init, containers: [{ name: "main", image: "app:v1", imagePullPolicy: "IfNotPresent" }] }),
  );
  await eventually("Ready", () => isReady("initial"), 8_000);
  const order = h.runtime.calls.filter((c) => /^start (one|two|main)$/.test(c));
  assert.deepEqual(order, ["start one", "start two", "start main"]);
  assert.equal(condition(h.pod("initial"), "Initialized"), "True");
});

test("a crashing container is restarted once, then waits in CrashLoopBackOff", async () => {
  h.runtime.exits.set("crash", 3);
  await start(makePod("crashing", { containers: [{ name: "crash", image: "app:v1", imagePullPolicy: "IfNotPresent" }] }));
  const state = await eventually("CrashLoopBackOff", () =>
    waiting("crashing")?.reason === "CrashLoopBackOff" ? waiting("crashing") : undefined,
  );
  assert.equal(state.message, "back-off 10s restarting failed container=crash pod=crashing_default(uid-crashing)");
  const status = h.pod("crashing")!.status!.containerStatuses![0]!;
  assert.equal(status.restartCount, 1);
  assert.equal(status.lastState?.terminated?.exitCode, 3);
  assert.equal(h.pod("crashing")!.status!.phase, "Running");
});

test("an image that cannot be pulled shows ErrImagePull, then ImagePullBackOff", async () => {
  await start(makePod("imageless", { containers: [{ name: "app", image: "missing:v9" }] }));
  await eventually("ErrImagePull", () => waiting("imageless")?.reason === "ErrImagePull");
  const state = await eventually("ImagePullBackOff", () =>
    waiting("imageless")?.reason === "ImagePullBackOff" ? waiting("imageless") : undefined,
  );
  assert.match(state.message ?? "", /^Back-off pulling image "missing:v9"/);
  assert.equal(h.pod("imageless")!.status!.phase, "Pending");
});

test("a failed readiness probe keeps a pod unready; a failed liveness probe restarts it", async () => {
  let healthy = false;
  let alive = true;
  h.runtime.execCode = ([command]) => (command === "ready" ? (healthy ? 0 : 1) : alive ? 0 : 1);
  const probe = (command: string) => ({ exec: { command: [command] }, periodSeconds: 1, failureThreshold: 1 });
  const container = { name: "probed", image: "app:v1", readinessProbe: probe("ready"), livenessProbe: probe("alive") };
  await start(makePod("probed", { containers: [{ ...container, imagePullPolicy: "IfNotPresent" }] } as never));
  await eventually("Running", () => h.pod("probed")?.status?.phase === "Running");
  assert.equal(condition(h.pod("probed"), "Ready"), "False");
  await eventually("Unhealthy", () => h.events("Unhealthy").some((e) => e.message === "Readiness probe failed: out"));
  healthy = true;
  await eventually("Ready", () => isReady("probed"));
  alive = false;
  await eventually("a restart", () => h.pod("probed")?.status?.containerStatuses?.[0]?.restartCount === 1);
  alive = true;
  assert.ok(h.events("Killing").some((e) => e.message === "Container probed failed liveness probe, will be restarted"));
});

test("a job's pod ends Succeeded, and stays so", async () => {
  h.runtime.exits.set("job", 0);
  await start(makePod("job", { restartPolicy: "Never", containers: [{ name: "job", image: "app:v1", imagePullPolicy: "IfNotPresent" }] }));
  await eventually("Succeeded", () => h.pod("job")?.status?.phase === "Succeeded");
  assert.equal(h.pod("job")!.status!.containerStatuses![0]!.state?.terminated?.reason, "Completed");
  assert.equal(h.pod("job")!.status!.conditions!.find((c) => c.type === "Ready")?.reason, "PodCompleted");
});

test("a deleted pod is stopped with its grace period, then forgotten everywhere", async () => {
  await start(makePod("leaving", { containers: [{ name: "leaver", image: "app:v1", imagePullPolicy: "IfNotPresent" }] }));
  await eventually("Ready", () => isReady("leaving"));
  await h.api.delete(Pods, "leaving", { namespace: "default", gracePeriodSeconds: 7 });
  await eventually("the end", () => h.pod("leaving") === undefined);
  assert.ok(h.runtime.calls.includes("stop leaver 7"));
  await eventually("no records", () => h.runtime.byName("leaver") === undefined);
});

test("a pod that asks for more than is left is refused: OutOfcpu", async () => {
  const resources = { requests: { cpu: "3" } };
  await start(makePod("greedy", { containers: [{ name: "app", image: "app:v1", resources }] } as never));
  await eventually("Failed", () => h.pod("greedy")?.status?.phase === "Failed");
  assert.equal(h.pod("greedy")!.status!.reason, "OutOfcpu");
  assert.match(h.pod("greedy")!.status!.message ?? "", /requested: 3000, used: \d+, capacity: 2000$/);
});

test("a missing ConfigMap holds the pod back until it is there", async () => {
  const volumes = [{ name: "late", configMap: { name: "late" } }];
  await start(makePod("patient", { volumes, containers: [{ name: "late", image: "app:v1", imagePullPolicy: "IfNotPresent" }] }));
  const event = await eventually("FailedMount", () => h.events("FailedMount")[0]);
  assert.equal(event.message, 'MountVolume.SetUp failed for volume "late" : configmap "late" not found');
  h.api.seed(ConfigMaps, { metadata: { name: "late", namespace: "default" }, data: { a: "1" } });
  await eventually("Ready", () => isReady("patient"), 12_000);
});

test("a static pod runs at once, has a mirror pod, and ends with its manifest", async () => {
  const manifest = {
    kind: "Pod",
    metadata: { name: "etcd", namespace: "kube-system" },
    spec: { hostNetwork: true, containers: [{ name: "etcd", image: "app:v1" }] },
  };
  mkdirSync(join(h.root, "manifests"), { recursive: true });
  const file = join(h.root, "manifests/etcd.yaml");
  const again = await startHarness({ root: h.root, config: { nodeName: "n9" } });
  writeFileSync(file, JSON.stringify(manifest));
  const mirror = await eventually("the mirror pod Running", () => {
    const pod = again.pod("etcd-n9", "kube-system");
    return pod?.status?.phase === "Running" ? pod : undefined;
  });
  assert.equal(mirror.metadata.annotations?.["kubernetes.io/config.mirror"], mirror.metadata.annotations?.["kubernetes.io/config.hash"]);
  assert.equal(mirror.metadata.ownerReferences?.[0]?.kind, "Node");
  assert.equal(mirror.status?.podIP, "172.30.0.21");
  await again.api.delete(Pods, "etcd-n9", { namespace: "kube-system", gracePeriodSeconds: 0 });
  await eventually("a new mirror pod", () => {
    const fresh = again.pod("etcd-n9", "kube-system");
    return fresh && fresh.metadata.uid !== mirror.metadata.uid && fresh.status?.phase === "Running";
  });
  rmSync(file);
  await eventually("the end", () => !again.pod("etcd-n9", "kube-system") && !again.runtime.byName("etcd"));
  await again.stop(true);
});

test("a new kubelet adopts what runs, and stops what is no longer wanted", async () => {
  const first = await startHarness();
  await eventually("the node", () => first.node());
  await first.api.patch(Nodes, NODE, { type: "merge", body: { spec: { podCIDR: "10.244.4.0/24" } } });
  await first.api.create(Pods, makePod("stays"));
  await first.api.create(Pods, makePod("goes", { containers: [{ name: "goer", image: "side:v1" }] }));
  await eventually("both", () => first.pod("stays")?.status?.phase === "Running" && first.pod("goes")?.status?.phase === "Running");
  await first.stop(true);
  const id = first.runtime.byName("app")!.id;
  await first.api.delete(Pods, "goes", { namespace: "default", gracePeriodSeconds: 0 });
  const second = await startHarness({ runtime: first.runtime, api: first.api, root: first.root });
  await eventually("the orphan's end", () => second.runtime.byName("goer") === undefined, 8_000);
  assert.equal(second.runtime.byName("app")!.id, id);
  assert.equal(second.pod("stays")!.status!.containerStatuses![0]!.restartCount, 0);
  await second.stop();
});
