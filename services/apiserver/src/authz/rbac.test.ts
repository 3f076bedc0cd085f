import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryStore } from "../admission/testing/rig.ts";
import { checkOf } from "./attributes.ts";
import { RbacAuthorizer } from "./rbac.ts";

const GET = (resource: string) => [{ verbs: ["get"], apiGroups: [""], resources: [resource] }];
const role = (name: string, rules: object[], labels: object = {}, gathers?: object) => ({
  metadata: { name, labels },
  rules,
  ...(gathers ? { aggregationRule: { clusterRoleSelectors: [{ matchLabels: gathers }] } } : {}),
});
const bind = (name: string, roleName: string, subject: object) => ({
  metadata: { name },
  roleRef: { kind: "ClusterRole", name: roleName },
  subjects: [subject],
});
const jane = { name: "jane", groups: ["dev"] };
const may = (authorizer: RbacAuthorizer, resource: string, user = jane) =>
  authorizer.authorize(checkOf(user, "get", { resource, namespace: "ns", name: "x" })).allowed;

test("roles gather roles that gather, also each other", () => {
  const store = new MemoryStore().seed(
    "clusterroles",
    ...Array.from({ length: 8 }, (_, i) => role(`r${i}`, GET(`kind${i}`), { at: `${i}` }, { at: `${(i + 1) % 8}` })),
    role("other", GET("other"), { at: "no" }),
  );
  store.seed("clusterrolebindings", bind("b", "r0", { kind: "User", name: "jane" }));
  const authorizer = new RbacAuthorizer(store as never);
  assert.deepEqual(
    [0, 4, 7].map((i) => may(authorizer, `kind${i}`)),
    [true, true, true],
  );
  assert.equal(may(authorizer, "other"), false);
});

test("a hundred roles that all gather each other are counted once each", () => {
  const all = Array.from({ length: 100 }, (_, i) => role(`r${i}`, GET(`kind${i}`), { a: "1" }, { a: "1" }));
  const store = new MemoryStore().seed("clusterroles", ...all);
  store.seed("clusterrolebindings", bind("b", "r0", { kind: "Group", name: "dev" }));
  const authorizer = new RbacAuthorizer(store as never);
  assert.ok(may(authorizer, "kind99"));
  assert.equal(authorizer.rulesFor(jane, "ns").length, 100);
});

test("decisions about endless paths are not remembered", () => {
  const authorizer = new RbacAuthorizer(new MemoryStore() as never);
  const ask = (path: string) => authorizer.authorize({ ...checkOf(jane, "get", { resource: "" }), isResource: false, path });
  for (let i = 0; i < 100; i++) ask(`/${i}${"x".repeat(10_000)}`);
  ask("/short");
  assert.equal((authorizer as unknown as { decisions: Map<string, unknown> }).decisions.size, 1);
});

test("roles that cannot be read grant nothing, now and at the next request", () => {
  const store = new MemoryStore().seed("clusterroles", role("r", GET("pods")));
  store.seed("clusterrolebindings", bind("b", "r", { kind: "User", name: "jane" }));
  const authorizer = new RbacAuthorizer(store as never);
  assert.ok(may(authorizer, "pods"));
  store.cache("clusterroles").markUnreadable("/registry/clusterroles/sealed", "no key");
  store.seed("clusterroles", role("more", []));
  for (let i = 0; i < 2; i++) assert.throws(() => may(authorizer, "pods"), /no key/);
});
