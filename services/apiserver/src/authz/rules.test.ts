import assert from "node:assert/strict";
import { test } from "node:test";
import { checkOf } from "./attributes.ts";
import type { PolicyRule } from "./authorizer.ts";
import { ruleAllows, uncovered } from "./rules.ts";

const rule = (verbs: string, groups: string, resources: string, names = ""): PolicyRule => ({
  verbs: verbs.split(" "),
  apiGroups: groups.split(" ").map((group) => (group === "core" ? "" : group)),
  resources: resources.split(" "),
  ...(names ? { resourceNames: names.split(" ") } : {}),
});

const allows = (expected: boolean, what: PolicyRule, verb: string, target: Parameters<typeof checkOf>[2]) =>
  test(`${JSON.stringify(what)} ${expected ? "allows" : "refuses"} ${verb} ${JSON.stringify(target)}`, () => {
    assert.equal(ruleAllows(what, checkOf({ name: "u", groups: [] }, verb, target)), expected);
  });

allows(true, rule("get", "core", "pods"), "get", { resource: "pods", namespace: "d", name: "a" });
allows(false, rule("get", "core", "pods"), "list", { resource: "pods" });
allows(false, rule("get", "apps", "pods"), "get", { resource: "pods" });
allows(false, rule("get", "core", "pods"), "get", { resource: "pods", subresource: "log" });
allows(true, rule("get", "core", "pods/log"), "get", { resource: "pods", subresource: "log" });
allows(true, rule("update", "*", "*/scale"), "update", { group: "apps", resource: "deployments", subresource: "scale" });
allows(true, rule("*", "*", "*"), "delete", { group: "apps", resource: "deployments", subresource: "scale" });
allows(true, rule("get", "core", "secrets", "a b"), "get", { resource: "secrets", name: "b" });
allows(false, rule("get", "core", "secrets", "a b"), "get", { resource: "secrets", name: "c" });
allows(false, rule("list", "core", "secrets", "a b"), "list", { resource: "secrets" });

const escalates = (owned: PolicyRule[], wanted: PolicyRule[], expected: PolicyRule[]) =>
  test(`who holds ${JSON.stringify(owned)} may grant ${JSON.stringify(wanted)} but for ${expected.length}`, () => {
    assert.deepEqual(uncovered(owned, wanted), expected);
  });

escalates([rule("get list", "core", "pods")], [rule("get", "core", "pods")], []);
escalates(
  [rule("get", "core", "pods")],
  [rule("get list", "core", "pods secrets")],
  [rule("get", "core", "secrets"), rule("list", "core", "pods"), rule("list", "core", "secrets")],
);
escalates([rule("get", "core", "secrets", "a")], [rule("get", "core", "secrets")], [rule("get", "core", "secrets")]);
escalates([rule("*", "*", "*")], [rule("*", "apps", "deployments/scale")], []);
escalates(
  [{ verbs: ["get"], nonResourceURLs: ["/metrics*"] }],
  [{ verbs: ["get"], nonResourceURLs: ["/metrics/a", "/logs"] }],
  [{ verbs: ["get"], nonResourceURLs: ["/logs"] }],
);
