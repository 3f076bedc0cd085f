import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "@flotilla/api";
import { admit } from "./admission.ts";
import { qosClass } from "./qos.ts";
import { bytes, milliCpu, quantity } from "./quantity.ts";

test("quantities", () => {
  assert.deepEqual(["1", "100m", "1.5", "0.1"].map(milliCpu), [1000, 100, 1500, 100]);
  assert.deepEqual(["1Ki", "1k", "1Gi", "1e3", "5"].map(bytes), [1024, 1000, 2 ** 30, 1000, 5]);
  assert.ok(Number.isNaN(quantity("1x")));
});

const pod = (name: string, resources: object, extra: object = {}): Pod =>
  ({ metadata: { name }, spec: { containers: [{ name: "c", resources }], ...extra } }) as never;

test("QoS classes", () => {
  const both = { cpu: "1", memory: "1Gi" };
  assert.equal(qosClass(pod("p", {})), "BestEffort");
  assert.equal(qosClass(pod("p", { requests: { cpu: "1" } })), "Burstable");
  assert.equal(qosClass(pod("p", { limits: both })), "Guaranteed");
  assert.equal(qosClass(pod("p", { limits: both, requests: both })), "Guaranteed");
  assert.equal(qosClass(pod("p", { limits: both, requests: { cpu: "500m" } })), "Burstable");
});

test("what fits is admitted, what does not is refused with its reason", () => {
  const node = { allocatable: { cpu: "2", memory: "1Gi", pods: "3" }, labels: { disk: "ssd" } };
  const one = pod("one", { requests: { cpu: "1500m" } });
  assert.equal(admit(one, [], node), undefined);
  assert.equal(admit(one, [one], node)?.reason, "OutOfcpu");
  assert.equal(admit(pod("big", { requests: { memory: "2Gi" } }), [], node)?.reason, "OutOfmemory");
  const small = pod("small", {});
  assert.equal(admit(small, [small, small, small], node)?.reason, "OutOfpods");
  assert.equal(admit(pod("picky", {}, { nodeSelector: { disk: "hdd" } }), [], node)?.reason, "NodeAffinity");
});
