import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createBuiltinRegistry } from "../registry.ts";
import { isApiError } from "../status.ts";
import type { KubeObject } from "../types.ts";
import { applyPatch } from "./index.ts";
import { applyJsonPatch } from "./json-patch.ts";
import { applyMergePatch } from "./merge-patch.ts";

const deployments = createBuiltinRegistry().find("apps", "v1", "deployments")!;
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

const live = (): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", labels: { app: "web", tier: "front" }, finalizers: ["a/b", "c/d"] },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: {
        containers: [
          {
            name: "main",
            image: "one",
            env: [
              { name: "A", value: "1" },
              { name: "B", value: "2" },
            ],
          },
          { name: "side", image: "two" },
        ],
        tolerations: [{ key: "a" }],
      },
    },
  },
});

const strategic = (patch: unknown): any => applyPatch(deployments, live(), { type: "strategic", body: bytes(patch) }).object;
const podSpec = (obj: any) => obj.spec.template.spec;

const CASES: [string, unknown, (obj: any) => unknown, unknown][] = [
  [
    "the type is the URL's, whatever the patch says",
    { apiVersion: "v1", kind: "Scale", spec: { replicas: 3 } },
    (o) => [o.apiVersion, o.kind, o.spec.replicas],
    ["apps/v1", "Deployment", 3],
  ],
  [
    "lists merge by their key",
    { spec: { template: { spec: { containers: [{ name: "side", image: "new" }] } } } },
    (o) => podSpec(o).containers.map((c: any) => `${c.name}=${c.image}`),
    ["main=one", "side=new"],
  ],
  [
    "an unknown key is added",
    { spec: { template: { spec: { containers: [{ name: "third", image: "x" }] } } } },
    (o) => podSpec(o).containers.length,
    3,
  ],
  [
    "$patch: delete takes an item out",
    { spec: { template: { spec: { containers: [{ name: "side", $patch: "delete" }] } } } },
    (o) => podSpec(o).containers.map((c: any) => c.name),
    ["main"],
  ],
  [
    "$patch: replace takes the list as given",
    { spec: { template: { spec: { containers: [{ $patch: "replace" }, { name: "only", image: "x" }] } } } },
    (o) => podSpec(o).containers.map((c: any) => c.name),
    ["only"],
  ],
  [
    "$setElementOrder sorts",
    { spec: { template: { spec: { "$setElementOrder/containers": [{ name: "side" }, { name: "main" }] } } } },
    (o) => podSpec(o).containers.map((c: any) => c.name),
    ["side", "main"],
  ],
  [
    "inner lists merge too",
    { spec: { template: { spec: { containers: [{ name: "main", env: [{ name: "B", value: "3" }] }] } } } },
    (o) => podSpec(o).containers[0].env,
    [
      { name: "A", value: "1" },
      { name: "B", value: "3" },
    ],
  ],
  ["null removes", { metadata: { labels: { tier: null } } }, (o) => o.metadata.labels, { app: "web" }],
  [
    "lists without a merge key are replaced",
    { spec: { template: { spec: { tolerations: [{ key: "b" }] } } } },
    (o) => podSpec(o).tolerations,
    [{ key: "b" }],
  ],
  ["primitives merge as a set", { metadata: { finalizers: ["c/d", "e/f"] } }, (o) => o.metadata.finalizers, ["a/b", "c/d", "e/f"]],
  ["$deleteFromPrimitiveList", { metadata: { "$deleteFromPrimitiveList/finalizers": ["a/b"] } }, (o) => o.metadata.finalizers, ["c/d"]],
];

for (const [what, patch, look, expected] of CASES) {
  test(`strategic merge: ${what}`, () => assert.deepEqual(look(strategic(patch)), expected));
}

test("strategic merge leaves the live object alone, and an empty patch changes nothing", () => {
  const before = live();
  const { object } = applyPatch(deployments, before, { type: "strategic", body: bytes({}) });
  assert.deepEqual(before, live());
  assert.deepEqual(
    podSpec(object).containers.map((c: any) => c.image),
    ["one", "two"],
  );
});

test("a list item without its merge key is refused", () => {
  assert.throws(
    () => strategic({ spec: { template: { spec: { containers: [{ image: "x" }] } } } }),
    (error) => isApiError(error, "BadRequest"),
  );
});

test("RFC 7386: merging a patch twice is merging it once, and nulls are gone", () => {
  const json = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 3 }, fc.string(), fc.integer(), fc.constant(null), fc.array(fc.integer()), tie("object")),
    object: fc.dictionary(fc.constantFrom("a", "b", "c"), tie("value")),
  }));
  fc.assert(
    fc.property(json.object, json.object, (target, patch) => {
      const once = applyMergePatch(target, patch);
      assert.deepEqual(applyMergePatch(once, patch), once);
      for (const [key, value] of Object.entries(patch as object)) if (value === null) assert.ok(!Object.hasOwn(once as object, key));
    }),
  );
});

/** The merge patch that makes `to` of `from`, as a client computes it. */
function mergePatchOf(from: any, to: any): object {
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys(from)) if (!Object.hasOwn(to, key)) patch[key] = null;
  for (const [key, value] of Object.entries(to)) {
    const before = Object.hasOwn(from, key) ? from[key] : undefined;
    if (isMap(before) && isMap(value)) patch[key] = mergePatchOf(before, value);
    else if (JSON.stringify(before) !== JSON.stringify(value)) patch[key] = value;
  }
  return patch;
}
const isMap = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);

test("a patch computed from two objects makes one of the other, by JSON merge and by JSON patch", () => {
  const json = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 3 }, fc.string(), fc.integer(), fc.array(fc.integer()), tie("object")),
    object: fc.dictionary(fc.constantFrom("a", "b/c", "~d"), tie("value"), { noNullPrototype: true }),
  }));
  fc.assert(
    fc.property(json.object, json.object, (from, to) => {
      assert.deepEqual(applyMergePatch(from, mergePatchOf(from, to)), to);
      const escaped = (key: string) => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
      const removed = Object.keys(from as object).map((key) => ({ op: "remove", path: escaped(key) }));
      const added = Object.entries(to as object).map(([key, value]) => ({ op: "add", path: escaped(key), value }));
      assert.deepEqual(applyJsonPatch(from as object, [...removed, ...added]), to);
    }),
  );
});

const JSON_PATCHES: [string, unknown[], unknown][] = [
  ["add to a list", [{ op: "add", path: "/list/1", value: 9 }], { list: [1, 9, 2], a: { "b/c": 1 } }],
  ["append", [{ op: "add", path: "/list/-", value: 9 }], { list: [1, 2, 9], a: { "b/c": 1 } }],
  ["escaped names", [{ op: "replace", path: "/a/b~1c", value: 2 }], { list: [1, 2], a: { "b/c": 2 } }],
  ["move", [{ op: "move", from: "/list/0", path: "/x" }], { list: [2], a: { "b/c": 1 }, x: 1 }],
  [
    "test, then remove",
    [
      { op: "test", path: "/list/0", value: 1 },
      { op: "remove", path: "/a" },
    ],
    { list: [1, 2] },
  ],
];

for (const [what, patch, expected] of JSON_PATCHES) {
  test(`JSON patch: ${what}`, () => assert.deepEqual(applyJsonPatch({ list: [1, 2], a: { "b/c": 1 } }, patch), expected));
}

test("a JSON patch that does not fit is Invalid", () => {
  for (const patch of [
    [{ op: "remove", path: "/none" }],
    [{ op: "test", path: "/list/0", value: 7 }],
    [{ op: "replace", path: "/no/where", value: 1 }],
  ]) {
    assert.throws(
      () => applyJsonPatch({ list: [1] }, patch),
      (error) => isApiError(error, "Invalid"),
    );
  }
});

test("copies of copies end before they fill the memory", () => {
  const doubling = Array.from({ length: 60 }, (_, i) => ({ op: "copy", from: "/a", path: `/a/x${i}` }));
  assert.throws(
    () => applyJsonPatch({ a: { text: "x".repeat(100) } }, doubling),
    (error) => isApiError(error, "Invalid"),
  );
});

const REFUSED: [string, "strategic" | "merge" | "json", string, string | RegExp][] = [
  ["no JSON", "strategic", "{", "unexpected end of JSON input"],
  ["no JSON", "merge", "{", "error decoding patch: unexpected end of JSON input"],
  ["no object", "strategic", "[]", "json: cannot unmarshal array into Go value of type map[string]interface {}"],
  [
    "a number that is none",
    "strategic",
    '{"spec":{"replicas":"x"}}',
    ' "" is invalid: patch: Invalid value: "map[spec:map[replicas:x]]": unrecognized type: int32',
  ],
  [
    "a list that is none",
    "strategic",
    '{"spec":{"template":{"spec":{"containers":"x"}}}}',
    ' "" is invalid: patch: Invalid value: "map[spec:map[template:map[spec:map[containers:x]]]]": cannot restore slice from string',
  ],
  [
    "a label that is a number",
    "strategic",
    '{"metadata":{"labels":{"a":1}}}',
    ' "" is invalid: patch: Invalid value: "map[metadata:map[labels:map[a:1]]]": cannot convert int64 to string',
  ],
  [
    "a field that is unknown, one named twice",
    "strategic",
    '{"spec":{"repicas":3,"paused":true,"paused":null}}',
    ' "" is invalid: patch: Invalid value: "map[spec:map[paused:<nil> repicas:3]]": strict decoding error: duplicate field "spec.paused", unknown field "spec.repicas"',
  ],
  [
    "the whole result",
    "merge",
    '{"spec":{"replicas":"x"}}',
    /^ "" is invalid: patch: Invalid value: "{\\"apiVersion.*": json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32$/,
  ],
  [
    "an item without its key",
    "strategic",
    '{"spec":{"template":{"spec":{"containers":[{"image":"x"}]}}}}',
    "map: map[image:x] does not contain declared merge key: name",
  ],
];

for (const [what, type, body, message] of REFUSED) {
  test(`${type} patch refused: ${what}`, () => {
    const patch = { type, body: new TextEncoder().encode(body), fieldValidation: "Strict" as const };
    assert.throws(() => applyPatch(deployments, live(), patch), { message });
  });
}

const ORDERS: [what: string, containers: unknown[], order: string[] | undefined, expected: string[]][] = [
  ["a new item comes first", [{ name: "new", image: "n" }], undefined, ["new", "main", "side"]],
  ["a changed one stays", [{ name: "side", image: "n" }], undefined, ["main", "side"]],
  ["the patch's own order", [{ name: "side" }, { name: "main" }], undefined, ["side", "main"]],
  ["as $setElementOrder says", [{ name: "new", image: "n" }], ["main", "side", "new"], ["main", "side", "new"]],
  ["items of the server alone stay in front of what followed them", [{ name: "side", image: "n" }], ["side"], ["main", "side"]],
];
for (const [what, containers, order, expected] of ORDERS) {
  test(`strategic merge, order: ${what}`, () => {
    const before: any = live();
    before.spec.template.spec.containers = ["main", "side"].map((name) => ({ name, image: "i" }));
    const spec = { containers, ...(order ? { "$setElementOrder/containers": order.map((name) => ({ name })) } : {}) };
    const { object }: any = applyPatch(deployments, before, { type: "strategic", body: bytes({ spec: { template: { spec } } }) });
    assert.deepEqual(
      object.spec.template.spec.containers.map(({ name }: any) => name),
      expected,
    );
  });
}
test("an order that leaves out an item of the patch is refused", () => {
  const spec = { containers: [{ name: "q", image: "x" }], "$setElementOrder/containers": [{ name: "main" }] };
  assert.throws(() => strategic({ spec: { template: { spec } } }), /doesn't match \$setElementOrder list/);
});

const POINTERS: [operation: object, expected: unknown[] | undefined][] = [
  [{ op: "add", path: "/l/-1", value: 9 }, [1, 2, 9]],
  [{ op: "add", path: "/l/-", value: 9 }, [1, 2, 9]],
  [{ op: "remove", path: "/l/-1" }, [1]],
  [{ op: "add", path: "/l/0" }, [null, 1, 2]],
  [{ op: "remove", path: "/l/-" }, undefined],
  [{ op: "replace", path: "/l/2", value: 9 }, undefined],
  [{ op: "replace", path: "", value: {} }, undefined],
  [{ op: "remove", path: "" }, undefined],
  [{ op: "nope", path: "/l" }, undefined],
  [{ path: "l" }, undefined],
];
for (const [operation, expected] of POINTERS) {
  test(`JSON patch ${JSON.stringify(operation)}`, () => {
    if (expected) assert.deepEqual(applyJsonPatch({ l: [1, 2] }, [operation]), { l: expected });
    else
      assert.throws(() => applyJsonPatch({ l: [1, 2] }, [operation]), {
        message: "the server rejected our request due to an error in our request",
      });
  });
}
