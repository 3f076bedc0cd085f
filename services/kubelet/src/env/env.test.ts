import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container, Pod, Service } from "@flotilla/api";
import { expand } from "./expand.ts";
import { fieldValue, resourceValue } from "./fields.ts";
import { resolveEnv } from "./resolve.ts";
import { serviceEnv, visibleServices } from "./services.ts";

test("$(NAME) is replaced, unknown names stay, $$ escapes", () => {
  const values = new Map([["A", "1"]]);
  const cases: [string, string][] = [
    ["$(A)", "1"],
    ["x$(A)y$(A)", "x1y1"],
    ["$(B)", "$(B)"],
    ["$$(A)", "$(A)"],
    ["$A {A} $", "$A {A} $"],
    ["$(A", "$(A"],
  ];
  for (const [text, expected] of cases) assert.equal(expand(text, values), expected, text);
});

const pod = {
  metadata: { name: "p", namespace: "n", uid: "u", labels: { b: "2", a: 'x"y' } },
  spec: { nodeName: "node", serviceAccountName: "sa" },
} as unknown as Pod;
const addresses = { podIPs: ["10.0.0.1", "fd::1"], hostIP: "1.2.3.4" };

test("fields of a pod", () => {
  const value = (path: string) => fieldValue(pod, path, addresses);
  assert.equal(value("metadata.name"), "p");
  assert.equal(value("metadata.labels['b']"), "2");
  assert.equal(value("metadata.labels"), 'a="x\\"y"\nb="2"');
  assert.equal(value("status.podIPs"), "10.0.0.1,fd::1");
  assert.equal(value("status.hostIP"), "1.2.3.4");
  assert.equal(value("spec.unknown"), undefined);
});

test("resources in units of the divisor, rounded up; a missing limit is the node's", () => {
  const container = { resources: { limits: { cpu: "250m" }, requests: { memory: "100Mi" } } } as unknown as Container;
  const node = { cpu: "2", memory: "4Gi" };
  assert.equal(resourceValue(container, { resource: "limits.cpu" }, node), "1");
  assert.equal(resourceValue(container, { resource: "limits.cpu", divisor: "1m" }, node), "250");
  assert.equal(resourceValue(container, { resource: "requests.memory", divisor: "1Mi" }, node), "100");
  assert.equal(resourceValue(container, { resource: "limits.memory", divisor: "1Gi" }, node), "4");
});

const service = (name: string, namespace: string, spec: object) => ({ metadata: { name, namespace }, spec }) as unknown as Service;

test("service variables, of the pod's namespace and kubernetes; none for headless ones", () => {
  const all = [
    service("kubernetes", "default", { clusterIP: "10.96.0.1", ports: [{ name: "https", port: 443 }] }),
    service("my-db", "n", { clusterIP: "10.96.0.2", ports: [{ port: 5432 }] }),
    service("bare", "n", { clusterIP: "None", ports: [{ port: 1 }] }),
    service("other", "m", { clusterIP: "10.96.0.3", ports: [{ port: 1 }] }),
  ];
  const env = serviceEnv(visibleServices(all, "n", true));
  assert.equal(env.get("KUBERNETES_SERVICE_PORT_HTTPS"), "443");
  assert.equal(env.get("MY_DB_PORT"), "tcp://10.96.0.2:5432");
  assert.equal(env.get("MY_DB_PORT_5432_TCP_ADDR"), "10.96.0.2");
  assert.ok(![...env.keys()].some((k) => k.startsWith("BARE") || k.startsWith("OTHER")));
  assert.ok(!serviceEnv(visibleServices(all, "n", false)).has("MY_DB_PORT"));
});

test("a reference that leads nowhere is a configuration error unless it is optional", async () => {
  const objects = { configMap: async () => undefined, secret: async () => undefined };
  const resolve = (optional: boolean) => {
    const ref = { name: "X", valueFrom: { configMapKeyRef: { name: "c", key: "k", optional } } };
    return resolveEnv(pod, { name: "a", env: [ref] } as Container, { objects, services: [], addresses, allocatable: {} });
  };
  await assert.rejects(resolve(false), { reason: "CreateContainerConfigError", message: 'configmap "c" not found' });
  assert.equal((await resolve(true)).has("X"), false);
});
