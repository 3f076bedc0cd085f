import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "@flotilla/api";
import { limitRanger } from "./limit-ranger.ts";
import { claimViolations } from "./limits/violations.ts";
import { admit, MemoryStore } from "./testing/rig.ts";

const plugin = (...limits: object[]) =>
  limitRanger({
    store: new MemoryStore().seed("limitranges", { metadata: { name: "l", namespace: "ns" }, spec: { limits } }),
  });
const pod = (...resources: object[]) => ({
  metadata: { name: "x", namespace: "ns" } as Pod["metadata"],
  spec: { containers: resources.map((one, i) => ({ name: `c${i}`, image: "i", resources: one })) },
});

function check(name: string, limit: object, resources: object[], expected: string): void {
  test(name, async () => {
    assert.equal(await admit(plugin(limit), { resource: "pods" }, pod(...resources)), expected && `pods "x" is forbidden: ${expected}`);
  });
}

check("within its limits", { type: "Container", max: { cpu: "2" } }, [{ limits: { cpu: "2" }, requests: { cpu: "1" } }], "");
check(
  "over the maximum",
  { type: "Container", max: { cpu: "500m" } },
  [{ limits: { cpu: "1" } }],
  "maximum cpu usage per Container is 500m, but limit is 1",
);
check(
  "without limit",
  { type: "Container", max: { memory: "1Gi" } },
  [{}],
  "maximum memory usage per Container is 1Gi.  No limit is specified",
);
check(
  "two findings stand in brackets",
  { type: "Container", min: { cpu: "100m", memory: "64Mi" } },
  [{ requests: { cpu: "50m" } }],
  "[minimum cpu usage per Container is 100m, but request is 50m, minimum memory usage per Container is 64Mi.  No request is specified]",
);
check(
  "the pod as a whole",
  { type: "Pod", max: { cpu: "1" } },
  [{ limits: { cpu: "600m" } }, { limits: { cpu: "600m" } }],
  "maximum cpu usage per Pod is 1, but limit is 1200m",
);
check(
  "the ratio",
  { type: "Container", maxLimitRequestRatio: { cpu: "2" } },
  [{ requests: { cpu: "100m" }, limits: { cpu: "300m" } }],
  "cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000",
);

test("fills what is missing, and says so in an annotation", async () => {
  const limits = { type: "Container", default: { cpu: "1", memory: "1Gi" }, defaultRequest: { cpu: "100m" } };
  const object = pod({ limits: { memory: "2Gi" } }, {});
  assert.equal(await admit(plugin(limits), { resource: "pods" }, object), "");
  assert.deepEqual(
    object.spec.containers.map(({ resources }) => resources),
    [
      { limits: { memory: "2Gi", cpu: "1" }, requests: { cpu: "100m" } },
      { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "100m" } },
    ],
  );
  assert.equal(
    object.metadata.annotations!["kubernetes.io/limit-ranger"],
    "LimitRanger plugin set: cpu request for container c0; cpu limit for container c0; cpu request for container c1; cpu, memory limit for container c1",
  );
});

test("claims are judged by their request alone", () => {
  const range = { metadata: {}, spec: { limits: [{ type: "PersistentVolumeClaim", min: { storage: "1Gi" }, max: { storage: "2Gi" } }] } };
  const claim = (storage: string) => ({ metadata: {}, spec: { resources: { requests: { storage } } } });
  assert.deepEqual(
    ["1Gi", "512Mi", "3Gi"].flatMap((storage) => claimViolations(range, claim(storage))),
    [
      "minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 512Mi",
      "maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi",
    ],
  );
});

test("an update of a pod changes nothing that a range could say", async () => {
  const strict = plugin({ type: "Container", max: { memory: "1Gi" } });
  assert.equal(await admit(strict, { resource: "pods", operation: "UPDATE" }, pod({}), pod({})), "");
});
