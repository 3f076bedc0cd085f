import assert from "node:assert/strict";
import { test } from "node:test";
import { type ClusterSpec, machinesOf, planChange, validateSpec } from "./spec.ts";

const SPEC: ClusterSpec = {
  name: "a",
  controlPlanes: 3,
  workers: 2,
  runtime: "process",
  failover: "default",
  apiPort: 6443,
  loadBalancer: "172.30.0.1",
  dockerEndpoint: "unix:///x",
};

test("machines have names and addresses in order", () => {
  assert.deepEqual(
    machinesOf(SPEC).map((m) => `${m.name} ${m.role} ${m.address}`),
    [
      "cp1 control-plane 172.30.0.11",
      "cp2 control-plane 172.30.0.12",
      "cp3 control-plane 172.30.0.13",
      "worker1 worker 172.30.0.21",
      "worker2 worker 172.30.0.22",
    ],
  );
});

const WRONG: [Partial<ClusterSpec>, RegExp][] = [
  [{ name: "A" }, /--name "A"/],
  [{ name: "a-" }, /--name "a-"/],
  [{ name: "a".repeat(33) }, /--name/],
  [{ controlPlanes: 0 }, /--control-planes 0: use 1 to 7/],
  [{ controlPlanes: 8 }, /--control-planes 8/],
  [{ workers: -1 }, /--workers -1/],
];
for (const [change, message] of WRONG) {
  test(`refused: ${JSON.stringify(change).slice(0, 40)}`, () => assert.throws(() => validateSpec({ ...SPEC, ...change }), message));
}

const CHANGES: [Partial<ClusterSpec>, string[], number][] = [
  [{}, [], 2],
  [{ workers: 5 }, [], 5],
  [{ workers: 1 }, ["--workers is 2 and cannot shrink to 1"], 2],
  [
    { controlPlanes: 1, runtime: "docker" },
    ["--control-planes is 3 and cannot become 1", "--runtime is process and cannot become docker"],
    2,
  ],
];
for (const [change, refused, workers] of CHANGES) {
  test(`a second up with ${JSON.stringify(change)}`, () => {
    const plan = planChange(SPEC, { ...SPEC, ...change });
    assert.deepEqual(plan.refused, refused);
    assert.equal(plan.spec.workers, workers);
  });
}
