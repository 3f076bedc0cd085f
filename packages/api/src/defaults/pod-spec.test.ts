import assert from "node:assert/strict";
import { test } from "node:test";
import type { PodSpec } from "../types.ts";
import { defaultPodOnly, defaultPodSpec } from "./pod-spec.ts";

const pullPolicy = (image: string): string | undefined => {
  const spec: PodSpec = { containers: [{ name: "c", image }] };
  defaultPodSpec(spec);
  return spec.containers[0]!.imagePullPolicy;
};

test("image pull policy by tag", () => {
  const table: [string, string][] = [
    ["nginx", "Always"],
    ["nginx:latest", "Always"],
    ["nginx:1.2", "IfNotPresent"],
    ["reg:5000/nginx", "Always"],
    ["reg:5000/nginx:1", "IfNotPresent"],
    ["nginx@sha256:0123", "IfNotPresent"],
  ];
  for (const [image, want] of table) assert.equal(pullPolicy(image), want, image);
});

test("a bare pod gets upstream's defaults, and twice changes nothing", () => {
  const spec: PodSpec = {
    containers: [
      {
        name: "c",
        image: "x",
        ports: [{ containerPort: 80 }],
        livenessProbe: { httpGet: { port: 80 } },
        resources: { limits: { cpu: "1" } },
      },
    ],
    volumes: [{ name: "v" }, { name: "s", secret: { secretName: "s" } }],
    hostNetwork: true,
  };
  defaultPodSpec(spec);
  defaultPodOnly(spec);
  const once = structuredClone(spec);
  defaultPodSpec(spec);
  defaultPodOnly(spec);
  assert.deepEqual(spec, once);
  assert.deepEqual(spec.containers[0]!.ports, [{ containerPort: 80, protocol: "TCP", hostPort: 80 }]);
  assert.deepEqual(spec.containers[0]!.livenessProbe, {
    httpGet: { port: 80, path: "/", scheme: "HTTP" },
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  });
  assert.deepEqual(spec.containers[0]!.resources, { limits: { cpu: "1" }, requests: { cpu: "1" } });
  assert.deepEqual(spec.volumes, [
    { name: "v", emptyDir: {} },
    { name: "s", secret: { secretName: "s", defaultMode: 420 } },
  ]);
  assert.equal(spec.terminationGracePeriodSeconds, 30);
  assert.equal(spec.enableServiceLinks, true);
});
