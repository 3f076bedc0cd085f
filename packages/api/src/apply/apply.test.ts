import assert from "node:assert/strict";
import { test } from "node:test";
import { createBuiltinRegistry } from "../registry.ts";
import { isApiError } from "../status.ts";
import type { KubeObject } from "../types.ts";
import { applyServerSide, trackManagedFields } from "./index.ts";

const deployments = createBuiltinRegistry().find("apps", "v1", "deployments")!;
const NOW = Date.UTC(2025, 0, 1);

const config = (replicas: number | undefined, images: Record<string, string>, labels: Record<string, string> = {}) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "default", labels },
  spec: {
    ...(replicas === undefined ? {} : { replicas }),
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: Object.entries(images).map(([name, image]) => ({ name, image })) },
    },
  },
});

function apply(live: KubeObject | undefined, body: unknown, manager: string, force = false): any {
  return applyServerSide(deployments, live, { body: new TextEncoder().encode(JSON.stringify(body)), manager, force, now_ms: NOW }).object;
}

test("applying creates; applying less removes what nobody else owns", () => {
  const first = apply(undefined, config(2, { a: "1", b: "2" }, { x: "y" }), "me");
  assert.equal(first.metadata.managedFields[0].operation, "Apply");
  const second = apply(first, config(2, { a: "1" }), "me");
  assert.deepEqual(
    second.spec.template.spec.containers.map((c: any) => c.name),
    ["a"],
  );
  assert.equal(second.metadata.labels, undefined);
  assert.deepEqual(first.spec.template.spec.containers.length, 2, "the live object stays as it was");
});

test("another manager's field is a conflict, forced over, and shared when equal", () => {
  const first = apply(undefined, config(2, { a: "1" }), "one");
  assert.throws(
    () => apply(first, config(5, { a: "1" }), "two"),
    (error) => {
      assert.ok(isApiError(error, "Conflict"));
      assert.equal(error.message, 'Apply failed with 1 conflict: conflict with "one": .spec.replicas');
      assert.deepEqual(error.status.details?.causes, [
        { reason: "FieldManagerConflict", message: 'conflict with "one"', field: ".spec.replicas" },
      ]);
      return true;
    },
  );
  const forced = apply(first, config(5, { a: "1" }), "two", true);
  assert.equal(forced.spec.replicas, 5);
  const one = forced.metadata.managedFields.find((entry: any) => entry.manager === "one");
  assert.equal(one.fieldsV1["f:spec"]["f:replicas"], undefined);
  const left = apply(forced, config(undefined, { a: "1" }), "two");
  assert.equal(left.spec.replicas, undefined);
  assert.equal(left.spec.template.spec.containers[0].image, "1", "one still owns the container");
});

test("an update takes ownership of what it changes; applying over it conflicts", () => {
  const first = apply(undefined, config(2, { a: "1" }), "me");
  const scaled = structuredClone(first);
  scaled.spec.replicas = 9;
  trackManagedFields(deployments, scaled, first, { manager: "kubectl-scale", now_ms: NOW });
  const update = scaled.metadata.managedFields.find((entry: any) => entry.operation === "Update");
  assert.deepEqual(update.fieldsV1, { "f:spec": { "f:replicas": {} } });
  assert.throws(() => apply(scaled, config(2, { a: "1" }), "me"), /conflict with "kubectl-scale" using apps\/v1: \.spec\.replicas/);
});

test("an update that changes nothing changes no owner", () => {
  const first = apply(undefined, config(2, { a: "1" }), "me");
  const same = structuredClone(first);
  trackManagedFields(deployments, same, first, { manager: "x", now_ms: NOW + 1000 });
  assert.deepEqual(same, first);
});

test("managedFields in an applied configuration are refused", () => {
  const body = config(1, { a: "1" });
  assert.throws(
    () => apply(undefined, { ...body, metadata: { ...body.metadata, managedFields: [{ manager: "x" }] } }, "me"),
    /managedFields must be nil/,
  );
});

test("an empty object in the configuration is no conflict with its defaults", () => {
  const first = apply(undefined, config(2, { a: "1" }), "one");
  const live = structuredClone(first);
  live.spec.strategy = { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%" } };
  trackManagedFields(deployments, live, first, { manager: "kubectl", now_ms: NOW });
  const body = config(2, { a: "1" });
  const again = apply(live, { ...body, spec: { ...body.spec, strategy: {} } }, "one");
  assert.deepEqual(again.spec.strategy, live.spec.strategy);
});

const container = { ".": {}, "f:image": {}, "f:name": {}, "f:resources": {} };
const written: [name: string, subresource: string | undefined, before: object | undefined, after: object, fields: object][] = [
  [
    "a new object: what Go always writes is nobody's, all else counts with what holds it",
    undefined,
    undefined,
    {
      metadata: { name: "web", generateName: "w-", labels: { a: "b" } },
      spec: {
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } },
        selector: { matchLabels: { a: "b" } },
        template: { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "a", image: "1", resources: {} }] } },
      },
      status: { replicas: 1 },
    },
    {
      "f:metadata": { "f:generateName": {}, "f:labels": { ".": {}, "f:a": {} } },
      "f:spec": {
        "f:strategy": { "f:type": {}, "f:rollingUpdate": { ".": {}, "f:maxSurge": {} } },
        "f:selector": {},
        "f:template": {
          "f:metadata": { "f:labels": { ".": {}, "f:a": {} } },
          "f:spec": { "f:containers": { 'k:{"name":"a"}': container } },
        },
      },
    },
  ],
  [
    "a status: spec and labels are not its own",
    "status",
    { metadata: { name: "web", labels: { a: "b" } }, spec: { replicas: 1 } },
    { metadata: { name: "web", labels: { a: "c" } }, spec: { replicas: 2 }, status: { replicas: 1 } },
    { "f:status": { "f:replicas": {} } },
  ],
  [
    "an update: one label more",
    undefined,
    { metadata: { name: "web", labels: { a: "b" } }, spec: { replicas: 1 }, status: { replicas: 1 } },
    { metadata: { name: "web", labels: { a: "b", c: "d" } }, spec: { replicas: 1 } },
    { "f:metadata": { "f:labels": { "f:c": {} } } },
  ],
];
for (const [name, subresource, before, after, fields] of written) {
  test(`fields written by ${name}`, () => {
    const object = structuredClone(after) as KubeObject;
    const other = { manager: "other", operation: "Update", apiVersion: "apps/v1", fieldsType: "FieldsV1", fieldsV1: { "f:x": {} } };
    const old = before && { ...before, metadata: { ...(before as KubeObject).metadata, managedFields: [other] } };
    trackManagedFields(deployments, object, old as KubeObject | undefined, {
      manager: "me",
      now_ms: NOW,
      ...(subresource ? { subresource } : {}),
    });
    assert.deepEqual(object.metadata.managedFields?.find(({ manager }) => manager === "me")?.fieldsV1, fields);
  });
}

test("managers stand in the order of operation, time and name", () => {
  const first = apply(undefined, config(2, { a: "1" }), "z");
  const second = apply(first, config(2, { a: "1" }), "y");
  const scaled = structuredClone(second);
  scaled.metadata.annotations = { x: "y" };
  trackManagedFields(deployments, scaled, second, { manager: "a", now_ms: NOW });
  assert.deepEqual(
    scaled.metadata.managedFields.map(({ manager, operation }: any) => `${operation} ${manager}`),
    ["Apply y", "Apply z", "Update a"],
  );
});

const RESETS: [name: string, managedFields: unknown, managers: string[] | undefined][] = [
  ["left out: kept", undefined, ["me", "other"]],
  ["an empty list", [], undefined],
  ["one empty entry", [{}], undefined],
  ["nonsense: kept", [{ manager: "x", operation: "Nope" }], ["me", "other"]],
  [
    "fields that are none: kept",
    [{ manager: "x", operation: "Update", apiVersion: "v1", fieldsType: "FieldsV1", fieldsV1: { x: {} } }],
    ["me", "other"],
  ],
];
for (const [name, managedFields, expected] of RESETS) {
  test(`managedFields of an update, ${name}`, () => {
    const fields = { apiVersion: "apps/v1", fieldsType: "FieldsV1", fieldsV1: { "f:metadata": { "f:labels": { "f:a": {} } } } };
    const old: any = {
      ...config(1, { a: "1" }, { a: "b" }),
      metadata: { name: "web", labels: { a: "b" }, managedFields: [{ manager: "other", operation: "Update", ...fields }] },
    };
    const object: any = {
      ...structuredClone(old),
      metadata: { name: "web", labels: { a: "b", c: "d" }, ...(managedFields === undefined ? {} : { managedFields }) },
    };
    trackManagedFields(deployments, object, old, { manager: "me", now_ms: NOW });
    assert.deepEqual(object.metadata.managedFields?.map(({ manager }: any) => manager).sort(), expected);
  });
}

test("an object that nobody is known to manage is one manager's to those who apply", () => {
  const live: any = config(2, { a: "1" });
  assert.throws(() => apply(live, config(3, { a: "1" }), "me"), /conflict with "before-first-apply" using apps\/v1: \.spec\.replicas/);
});

const REFUSED: [name: string, body: object, message: RegExp][] = [
  [
    "another version",
    { ...config(1, {}), apiVersion: "apps/v2" },
    /^Incorrect version specified in apply patch\. Specified patch version: apps\/v2, expected: apps\/v1$/,
  ],
  [
    "a field that is none",
    { ...config(1, {}), bogus: 1 },
    /^failed to create typed patch object \(default\/web; apps\/v1, Kind=Deployment\): \.bogus: field not declared in schema$/,
  ],
  [
    "an empty list of managers",
    { ...config(1, {}), metadata: { name: "web", managedFields: [] } },
    /^metadata\.managedFields must be nil$/,
  ],
  [
    "another name",
    { ...config(1, { a: "1" }), metadata: { name: "b", namespace: "default" } },
    /the name of the object \(b\) does not match the name on the URL \(web\)/,
  ],
];
for (const [name, body, message] of REFUSED) {
  test(`refuses ${name}`, () => assert.throws(() => apply(apply(undefined, config(2, { a: "1" }), "me"), body, "me"), { message }));
}

test("only what is named is owned, not what objects have besides; an item twice is refused", () => {
  const first = apply(undefined, config(2, { a: "1" }), "me");
  assert.equal(first.metadata.managedFields[0].fieldsV1["f:spec"]["f:strategy"], undefined);
  const item = first.metadata.managedFields[0].fieldsV1["f:spec"]["f:template"]["f:spec"]["f:containers"]['k:{"name":"a"}'];
  assert.deepEqual(item, { ".": {}, "f:name": {}, "f:image": {} });
  const twice: any = config(2, { a: "1" });
  twice.spec.template.spec.containers.push({ name: "a", image: "2" });
  assert.throws(() => apply(undefined, twice, "me"), /\.spec\.template\.spec\.containers: duplicate entries for key \[name="a"\]$/);
});
