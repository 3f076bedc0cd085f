import assert from "node:assert/strict";
import { test } from "node:test";
import { type ApiError, apiError, type Pod, Pods } from "@flotilla/api";
import { FakeClock } from "@flotilla/testing";
import { FakeApiClient } from "./index.ts";

const pod = (name: string, over: Partial<Pod> = {}): Pod => ({
  spec: { containers: [] },
  ...over,
  metadata: { name, namespace: "default", ...over.metadata },
});
const reason = async (call: Promise<unknown>) =>
  call.then(
    () => "ok",
    (e) => (e as ApiError).reason,
  );

test("failures have the API's reasons", async () => {
  const api = new FakeApiClient(new FakeClock());
  const [a] = api.seed(Pods, pod("a"));
  assert.equal(await reason(api.create(Pods, pod("a"))), "AlreadyExists");
  assert.equal(await reason(api.get(Pods, "b", { namespace: "default" })), "NotFound");
  assert.equal(await reason(api.update(Pods, { ...a!, metadata: { ...a!.metadata, labels: { x: "y" } } })), "ok");
  assert.equal(await reason(api.update(Pods, a!)), "Conflict");
  api.react("create", "pods", () => {
    throw apiError("Forbidden", "quota");
  });
  assert.equal(await reason(api.create(Pods, pod("c"))), "Forbidden");
});

test("status and spec are written apart; generation follows the spec", async () => {
  const api = new FakeApiClient(new FakeClock());
  const [a] = api.seed(Pods, pod("a"));
  const status = { phase: "Running" };
  const one = await api.updateStatus(Pods, { ...a!, spec: { containers: [], nodeName: "n" }, status });
  assert.deepEqual([one.status, one.spec?.nodeName, one.metadata.generation], [status, undefined, 1]);
  const two = await api.update(Pods, { ...one, spec: { containers: [], nodeName: "n" }, status: { phase: "Failed" } });
  assert.deepEqual([two.status, two.spec?.nodeName, two.metadata.generation], [status, "n", 2]);
});

test("deletion waits for finalizers and for a kubelet", async () => {
  const api = new FakeApiClient(new FakeClock());
  api.seed(Pods, pod("held", { metadata: { finalizers: ["x/y"] } }), pod("run", { spec: { containers: [], nodeName: "n" } }), pod("free"));
  for (const name of ["held", "run", "free"]) await api.delete(Pods, name, { namespace: "default" });
  const left = api.all(Pods).map((p) => [p.metadata.name, p.metadata.deletionGracePeriodSeconds]);
  assert.deepEqual(left, [
    ["held", 0],
    ["run", 30],
  ]);
  await api.patch(Pods, "held", { type: "merge", body: { metadata: { finalizers: null } } }, { namespace: "default" });
  await api.delete(Pods, "run", { namespace: "default", gracePeriodSeconds: 0 });
  assert.deepEqual(api.all(Pods), []);
});

test("a filtered watch turns changes into ADDED and DELETED", async () => {
  const api = new FakeApiClient(new FakeClock());
  const stop = new AbortController();
  api.seed(Pods, pod("a"));
  const seen: string[] = [];
  const done = (async () => {
    for await (const e of api.watch(Pods, { fieldSelector: "spec.nodeName=n", signal: stop.signal })) {
      if (e.type !== "BOOKMARK") seen.push(`${e.type} ${e.object.metadata.name}`);
      if (seen.length === 2) stop.abort();
    }
  })();
  await Promise.resolve();
  await api.createSubresource(Pods, "a", "binding", { target: { name: "n" } }, { namespace: "default" });
  await api.delete(Pods, "a", { namespace: "default", gracePeriodSeconds: 0 });
  await done;
  assert.deepEqual(seen, ["ADDED a", "DELETED a"]);
});
