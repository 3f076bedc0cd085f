import assert from "node:assert/strict";
import { test } from "node:test";
import type { ResourceDefinition, WriteContext } from "../definition.ts";
import { legacyResourceList } from "../discovery.ts";
import { applyDefaults, beforeCreate, beforeUpdate } from "../lifecycle.ts";
import { openApiV3 } from "../openapi/v3.ts";
import { createBuiltinRegistry } from "../registry.ts";
import { findStruct } from "../schema/schema.ts";
import { isApiError } from "../status.ts";
import type { KubeObject } from "../types.ts";

const registry = createBuiltinRegistry();
const NOW = Date.UTC(2025, 0, 1);
const context: WriteContext = { now_ms: NOW, newUid: () => "uid-1", randomSuffix: (length) => "x".repeat(length), namespace: "default" };

test("every kind has its type in the schema, a cell for each column, and idempotent defaults", () => {
  for (const def of registry.all()) {
    assert.ok(findStruct(def.schema), `${def.kind}: no type ${def.schema}`);
    const empty: KubeObject = { metadata: { name: "x", creationTimestamp: "2025-01-01T00:00:00Z" } };
    assert.equal(def.row(empty, NOW).length, def.columns.length, def.kind);
    const once = structuredClone(empty);
    applyDefaults(def, once);
    const twice = structuredClone(once);
    applyDefaults(def, twice);
    assert.deepEqual(twice, once, def.kind);
  }
});

test("OpenAPI names every kind, its patch with fieldValidation, and the merge keys", async () => {
  const document: any = await openApiV3(registry, "apps", "v1");
  const patch = document.paths["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"].patch;
  assert.deepEqual(patch["x-kubernetes-group-version-kind"], { group: "apps", version: "v1", kind: "Deployment" });
  assert.ok(patch.parameters.some((parameter: any) => parameter.name === "fieldValidation"));
  const containers = document.components.schemas["io.k8s.api.core.v1.PodSpec"].properties.containers;
  assert.equal(containers["x-kubernetes-patch-merge-key"], "name");
  assert.equal(await openApiV3(registry, "nope", "v1"), undefined);
});

test("discovery says that evictions are of policy/v1: drain looks for it", () => {
  const { resources } = legacyResourceList(registry, "", "v1") as { resources: any[] };
  const eviction = resources.find(({ name }) => name === "pods/eviction");
  assert.deepEqual([eviction.group, eviction.version, eviction.kind], ["policy", "v1", "Eviction"]);
});

const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } };
const NO_MATCH = 'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`';
const workload = (spec: object) => ({ spec: { selector: { matchLabels: { a: "b" } }, template, ...spec } });

/** Group, resource, object (name "x" in "default"), expected causes as "field: message". */
const INVALID: [string, string, object, string[]][] = [
  [
    "",
    "services",
    { spec: { ports: [{ port: 0, targetPort: 80 }] } },
    ["spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive"],
  ],
  [
    "",
    "services",
    { spec: { ports: [{ port: 80 }, { port: 81 }] } },
    ["spec.ports[0].name: Required value", "spec.ports[1].name: Required value"],
  ],
  [
    "",
    "services",
    { spec: { type: "Odd", ports: [{ port: 80 }] } },
    ['spec.type: Unsupported value: "Odd": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"'],
  ],
  [
    "apps",
    "deployments",
    workload({ selector: { matchLabels: { a: "c" } } }),
    ['spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`'],
  ],
  ["apps", "deployments", workload({ replicas: -1 }), ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"]],
  ["apps", "deployments", { spec: { template } }, ["spec.selector: Required value", NO_MATCH]],
  ["", "secrets", { type: "kubernetes.io/tls", data: { "tls.crt": "" } }, ["data[tls.key]: Required value"]],
  [
    "rbac.authorization.k8s.io",
    "roles",
    { rules: [{ resources: ["pods"], apiGroups: [""] }] },
    ["rules[0].verbs: Required value: verbs must contain at least one value"],
  ],
];

for (const [group, resource, body, expected] of INVALID) {
  test(`${resource}: ${expected[0]}`, () => {
    const def = registry.find(group, "v1", resource)!;
    const object: KubeObject = { ...structuredClone(body), metadata: { name: "x", namespace: "default" } };
    applyDefaults(def, object);
    assert.throws(
      () => beforeCreate(def, object, context),
      (error) => {
        assert.ok(isApiError(error, "Invalid"));
        assert.deepEqual(
          error.status.details?.causes?.map(({ field, message }) => `${field}: ${message}`),
          expected,
        );
        return true;
      },
    );
  });
}

test("a deployment's generation follows its spec, and its selector is immutable", () => {
  const def = registry.find("apps", "v1", "deployments")!;
  const created = make(def, workload({}));
  assert.equal(created.metadata.generation, 1);
  const scaled: any = structuredClone(created);
  scaled.spec.replicas = 5;
  beforeUpdate(def, undefined, scaled, created, context);
  assert.equal(scaled.metadata.generation, 2);
  const moved: any = structuredClone(created);
  moved.spec.selector.matchLabels = { a: "z" };
  moved.spec.template.metadata.labels = { a: "z" };
  assert.throws(() => beforeUpdate(def, undefined, moved, created, context), /spec\.selector: Invalid value: .*: field is immutable/);
});

test("stringData lands in data", () => {
  const secret: any = make(registry.find("", "v1", "secrets")!, { stringData: { word: "hüsh" } });
  assert.equal(Buffer.from(secret.data.word, "base64").toString(), "hüsh");
  assert.equal(secret.stringData, undefined);
});

test("an event of events.k8s.io is stored as a core event and read back", () => {
  const { storage } = registry.find("events.k8s.io", "v1", "events")!;
  const event = { apiVersion: "events.k8s.io/v1", metadata: { name: "e" }, note: "hello", regarding: { kind: "Pod", name: "p" } };
  const stored = storage!.toStored!(event);
  assert.deepEqual([stored["message"], (stored["involvedObject"] as any).name, stored.apiVersion], ["hello", "p", "v1"]);
  assert.deepEqual(storage!.fromStored!(stored), event);
});

function make(def: ResourceDefinition, body: object): KubeObject {
  const object: KubeObject = { ...structuredClone(body), metadata: { name: "x", namespace: "default" } };
  applyDefaults(def, object);
  beforeCreate(def, object, context);
  return object;
}
