import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ConfigMaps, type Container, Nodes, type Pod, Pods, RuntimeClasses } from "@flotilla/api";
import { ANNOTATION } from "./cri/labels.ts";
import { eventually, makePod, NODE, startHarness } from "./testing/harness.ts";

let h: Awaited<ReturnType<typeof startHarness>>;
before(async () => {
  h = await startHarness({ config: { syncFrequency_ms: 300 } });
  await eventually("the node", () => h.node());
  await h.api.patch(Nodes, NODE, { type: "merge", body: { spec: { podCIDR: "10.244.3.0/24" } } });
});
after(() => h.stop());

const isReady = (name: string) => h.pod(name)?.status?.conditions?.find((c) => c.type === "Ready")?.status === "True";
const container = (name: string, extra: object = {}): Container =>
  ({ name, image: "app:v1", imagePullPolicy: "IfNotPresent", ...extra }) as Container;
const start = async (name: string, containers: Container[], spec: object = {}): Promise<Pod> =>
  h.api.create(Pods, makePod(name, { containers, ...spec }));
const waiting = (name: string, reason: string) => {
  const state = h.pod(name)?.status?.containerStatuses?.[0]?.state?.waiting;
  return state?.reason === reason ? state : undefined;
};

test("preStop runs before the container is stopped, within its grace period", async () => {
  const ran: string[] = [];
  h.runtime.execCode = ([command]) => {
    ran.push(`${command} ${h.runtime.calls.includes("stop polite 5") ? "after" : "before"}`);
    return 0;
  };
  await start("polite", [container("polite", { lifecycle: { preStop: { exec: { command: ["drain"] } } } })]);
  await eventually("Ready", () => isReady("polite"));
  await h.api.delete(Pods, "polite", { namespace: "default", gracePeriodSeconds: 5 });
  await eventually("the end", () => !h.pod("polite"));
  assert.deepEqual(ran, ["drain before"]);
});

test("a postStart hook that fails ends its container", async () => {
  h.runtime.execCode = () => 1;
  await start("hooked", [container("hooked", { lifecycle: { postStart: { exec: { command: ["warm-up"] } } } })]);
  await eventually("the event", () => h.events("FailedPostStartHook")[0]);
  await eventually("the reason", () => waiting("hooked", "PostStartHookError") ?? waiting("hooked", "CrashLoopBackOff"));
  assert.ok(h.runtime.calls.includes("stop hooked 5"));
});

test("images that cannot be had say why", async () => {
  await start("never", [container("never", { image: "absent:v1", imagePullPolicy: "Never" })]);
  await start("invalid", [container("invalid", { image: "Not A Name" })]);
  const never = await eventually("ErrImageNeverPull", () => waiting("never", "ErrImageNeverPull"));
  assert.equal(never.message, 'Container image "absent:v1" is not present with pull policy of Never');
  await eventually("InvalidImageName", () => waiting("invalid", "InvalidImageName"));
});

test("an environment that leads nowhere is CreateContainerConfigError", async () => {
  const env = [{ name: "X", valueFrom: { secretKeyRef: { name: "nope", key: "k" } } }];
  await start("misconfigured", [container("misconfigured", { env })]);
  const state = await eventually("the reason", () => waiting("misconfigured", "CreateContainerConfigError"));
  assert.equal(state.message, 'secret "nope" not found');
});

test("a pod past its deadline fails", async () => {
  await start("late", [container("late")], { activeDeadlineSeconds: 1 });
  await eventually("Failed", () => h.pod("late")?.status?.phase === "Failed");
  assert.equal(h.pod("late")!.status!.reason, "DeadlineExceeded");
});

test("a dead sandbox is replaced, and its containers start again in the new one", async () => {
  await start("shaken", [container("shaken")]);
  await eventually("Ready", () => isReady("shaken"));
  const first = h.runtime.byName("shaken")!;
  const sandbox = h.runtime.sandboxes.get(first.sandboxId)!;
  sandbox.ready = false;
  h.runtime.exit(first.id, 137);
  await eventually("a new sandbox", () => h.runtime.byName("shaken")!.sandboxId !== first.sandboxId && isReady("shaken"));
  assert.ok(h.events("SandboxChanged").some((e) => e.involvedObject.name === "shaken"));
  assert.equal(h.pod("shaken")!.status!.containerStatuses![0]!.restartCount, 1);
  assert.ok(h.runtime.calls.includes(`stop sandbox ${first.sandboxId}`), "the old address is given back");
});

test("last words are in the status", async () => {
  await start("talker", [container("talker")], { restartPolicy: "Never" });
  await eventually("Ready", () => isReady("talker"));
  const running = h.runtime.byName("talker")!;
  writeFileSync(running.config.annotations[ANNOTATION.terminationLog]!, "out of tea");
  h.runtime.exit(running.id, 4);
  await eventually("Failed", () => h.pod("talker")?.status?.phase === "Failed");
  const { terminated } = h.pod("talker")!.status!.containerStatuses![0]!.state!;
  assert.deepEqual([terminated?.exitCode, terminated?.reason, terminated?.message], [4, "Error", "out of tea"]);
});

test("a mounted ConfigMap follows its object", async () => {
  h.api.seed(ConfigMaps, { metadata: { name: "moving", namespace: "default" }, data: { a: "1" } });
  await start("reader", [container("reader", { volumeMounts: [{ name: "v", mountPath: "/v" }] })], {
    volumes: [{ name: "v", configMap: { name: "moving" } }],
  });
  await eventually("Ready", () => isReady("reader"));
  const path = h.runtime.byName("reader")!.config.mounts.find((m) => m.containerPath === "/v")!.hostPath;
  await h.api.patch(ConfigMaps, "moving", { type: "merge", body: { data: { a: "2" } } }, { namespace: "default" });
  await eventually("the new content", () => readFileSync(join(path, "a"), "utf8") === "2", 8_000);
});

test("a RuntimeClass names the handler; one that is not there is told", async () => {
  h.api.seed(RuntimeClasses, { metadata: { name: "light" }, handler: "process" });
  await start("light", [container("light")], { runtimeClassName: "light" });
  await eventually("Ready", () => isReady("light"));
  assert.equal(h.runtime.sandboxes.get(h.runtime.byName("light")!.sandboxId)!.handler, "process");
  await start("heavy", [container("heavy")], { runtimeClassName: "heavy" });
  const event = await eventually("the event", () => h.events("FailedCreatePodSandBox")[0]);
  assert.match(event.message ?? "", /RuntimeClass.node.k8s.io "heavy" not found$/);
});

test("a pod removed by force is stopped all the same", async () => {
  await start("forced", [container("forced")]);
  await eventually("Ready", () => isReady("forced"));
  await h.api.delete(Pods, "forced", { namespace: "default", gracePeriodSeconds: 0 });
  await eventually("the end", () => !h.runtime.byName("forced"));
});

test("a sidecar runs before and beside the main container, and ends after it", async () => {
  const sidecar = container("sidecar", { restartPolicy: "Always" });
  await start("paired", [container("paired")], { initContainers: [sidecar], restartPolicy: "Never" });
  await eventually("Ready", () => isReady("paired"));
  h.runtime.exit(h.runtime.byName("paired")!.id, 0);
  await eventually("Succeeded", () => h.pod("paired")?.status?.phase === "Succeeded");
  await eventually("the sidecar's end", () => h.runtime.calls.some((c) => c.startsWith("stop sidecar")));
});

test("a pod marked unready by another is shown ready again; foreign conditions stay", async () => {
  await start("doubted", [container("doubted")]);
  await eventually("Ready", () => isReady("doubted"));
  const conditions = h
    .pod("doubted")!
    .status!.conditions!.map((c) => (c.type === "Ready" ? { ...c, status: "False" } : c))
    .concat({ type: "example.com/fit", status: "True" } as never);
  const options = { namespace: "default", subresource: "status" };
  await h.api.patch(Pods, "doubted", { type: "merge", body: { status: { conditions } } }, options);
  await eventually("Ready again", () => isReady("doubted"));
  assert.ok(h.pod("doubted")!.status!.conditions!.some((c) => c.type === "example.com/fit"));
});
