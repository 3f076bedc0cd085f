import assert from "node:assert/strict";
import { test } from "node:test";
import { customDefinitions } from "./custom/index.ts";
import {
  applyServerSide,
  type CustomResourceDefinition,
  createBuiltinRegistry,
  decodeBody,
  type KubeObject,
  parseFieldSelector,
} from "./index.ts";
import { cloneJson, jsonEqual } from "./json-equal.ts";
import { applyPatch } from "./patch/index.ts";

/** Names that mean something to JavaScript, and nothing to Kubernetes. */
const registry = createBuiltinRegistry();
const configMaps = registry.find("", "v1", "configmaps")!;
const secrets = registry.find("", "v1", "secrets")!;
const bytes = (text: string) => Buffer.from(text);
const unpolluted = () => {
  assert.deepEqual(Object.keys(Object.prototype), []);
  assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
};
const data = (object: object) => JSON.stringify((object as { data?: object }).data);

test("__proto__ is a key like any other: decoded, copied, compared", () => {
  const text = '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a"},"data":{"__proto__":"1","constructor":"2"}}';
  const { object } = decodeBody(configMaps, bytes(text));
  assert.equal(data(object), '{"__proto__":"1","constructor":"2"}');
  const yaml = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\ndata: {__proto__: '1', constructor: '2'}\n";
  assert.equal(data(decodeBody(configMaps, bytes(yaml), { contentType: "application/yaml" }).object), data(object));
  const copy = cloneJson(object);
  assert.equal(data(copy), data(object));
  assert.ok(jsonEqual(copy, object));
  assert.ok(!jsonEqual(JSON.parse('{"__proto__":{}}'), {}));
  const secret = '{"kind":"Secret","apiVersion":"v1","metadata":{"name":"a"},"stringData":{"__proto__":"x"}}';
  const decoded = decodeBody(secrets, bytes(secret)).object;
  secrets.defaults(decoded);
  secrets.strategy.prepareForCreate?.(decoded, {} as never);
  assert.equal(data(decoded), '{"__proto__":"eA=="}');
  unpolluted();
});

test("patches set and remove it, and reach nothing else through it", () => {
  const live = (text = "{}") => ({ kind: "ConfigMap", apiVersion: "v1", metadata: { name: "a" }, data: JSON.parse(text) }) as KubeObject;
  const patched = (type: "json" | "merge" | "strategic", patch: string, text?: string) =>
    data(applyPatch(configMaps, live(text), { type, body: bytes(patch) }).object);
  for (const type of ["merge", "strategic"] as const) {
    assert.equal(patched(type, '{"data":{"__proto__":"1"}}'), '{"__proto__":"1"}', type);
    assert.equal(patched(type, '{"data":{"__proto__":null}}', '{"__proto__":"1","a":"2"}'), '{"a":"2"}', type);
    assert.equal(patched(type, '{"__proto__":{"polluted":"1"},"metadata":{"__proto__":{"polluted":"1"}}}', '{"a":"2"}'), '{"a":"2"}', type);
    unpolluted();
  }
  assert.equal(patched("json", '[{"op":"add","path":"/data/__proto__","value":"1"}]'), '{"__proto__":"1"}');
  assert.throws(() => patched("json", '[{"op":"add","path":"/data/__proto__/polluted","value":"1"}]'));
  assert.throws(() => patched("json", '[{"op":"add","path":"/constructor/prototype/polluted","value":"1"}]'));
  assert.throws(() => patched("json", '[{"op":"move","from":"/data/constructor","path":"/data/x"}]'));
  const applied = '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a"},"data":{"__proto__":"1"}}';
  const { object } = applyServerSide(configMaps, live('{"a":"2"}'), {
    body: bytes(applied),
    manager: "m",
    force: false,
    fieldValidation: "Strict",
    now_ms: 0,
  });
  assert.equal(data(object), '{"a":"2","__proto__":"1"}');
  unpolluted();
});

const crd = (schema: object, scale?: object) =>
  ({
    metadata: { name: "foos.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "foos", kind: "Foo", listKind: "FooList", singular: "foo" },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: schema },
          subresources: { status: {}, ...(scale ? { scale } : {}) },
        },
      ],
    },
    status: { acceptedNames: { plural: "foos", kind: "Foo", listKind: "FooList", singular: "foo" } },
  }) as unknown as CustomResourceDefinition;

test("a custom resource's scale writes into the object, whatever its path is called", () => {
  const open = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  const paths = { specReplicasPath: ".spec.__proto__.polluted", statusReplicasPath: ".status.__proto__.polluted" };
  const [definition] = customDefinitions(crd(open, paths), { rules: () => undefined, converter: () => async (objects) => [...objects] });
  const object = { kind: "Foo", apiVersion: "example.com/v1", metadata: { name: "a" }, spec: {} } as unknown as KubeObject;
  definition!.scale!.set(object, { spec: { replicas: 3 } } as unknown as KubeObject);
  unpolluted();
  assert.equal(JSON.stringify(object["spec"]), '{"__proto__":{"polluted":3}}');
  assert.deepEqual((definition!.scale!.get(object)["spec"] as { replicas: number }).replicas, 3);
});

test("defaults and pruning of a custom resource take it as a name", () => {
  const inner = JSON.parse(
    '{"type":"object","properties":{"__proto__":{"type":"object","default":{"polluted":1},"properties":{"polluted":{"type":"integer"}}}}}',
  );
  const schema = { type: "object", properties: { spec: inner } };
  const [definition] = customDefinitions(crd(schema), { rules: () => undefined, converter: () => async (objects) => [...objects] });
  const text = '{"kind":"Foo","apiVersion":"example.com/v1","metadata":{"name":"a"},"spec":{"constructor":{"prototype":{}},"toString":1}}';
  const { object } = decodeBody(definition!, bytes(text));
  definition!.defaults(object);
  assert.equal(JSON.stringify(object["spec"]), '{"__proto__":{"polluted":1}}');
  unpolluted();
});

test("names that every object has are no fields, types or labels", () => {
  assert.throws(() => parseFieldSelector(configMaps, "constructor=x"), /not a known field selector/);
  const secret = { kind: "Secret", apiVersion: "v1", metadata: { name: "a" }, type: "constructor" } as unknown as KubeObject;
  secrets.strategy.validate?.(secret, { required() {}, empty: true } as never);
});
