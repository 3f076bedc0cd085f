import assert from "node:assert/strict";
import { test } from "node:test";
import { createBuiltinRegistry, labelSelectorMatcher } from "@flotilla/api";
import { attributesFor, type What } from "../testing/rig.ts";
import { matchedView, namespaceMatches, objectMatches, type Rule, ruleMatches } from "./rules.ts";

const rule = (text: string): Rule => {
  const [operations, apiGroups, apiVersions, resources, scope] = text.split(" ").map((part) => (part === "core" ? "" : part));
  const list = (part: string | undefined) => (part ?? "").split(",");
  return {
    operations: list(operations),
    apiGroups: list(apiGroups),
    apiVersions: list(apiVersions),
    resources: list(resources),
    ...(scope ? { scope } : {}),
  };
};

function check(expected: boolean, text: string, what: What): void {
  test(`"${text}" ${expected ? "takes" : "leaves"} ${what.operation ?? "CREATE"} ${what.resource}/${what.subresource ?? ""}`, () => {
    const attributes = attributesFor(what);
    assert.equal(ruleMatches(rule(text), attributes, attributes.definition), expected);
  });
}

check(true, "* * * *", { resource: "pods" });
check(false, "* * * *", { resource: "pods", subresource: "status" });
check(true, "* * * */*", { resource: "pods", subresource: "status" });
check(true, "* core v1 pods/*", { resource: "pods" });
check(true, "* core v1 */status", { resource: "pods", subresource: "status" });
check(false, "* core v1 pods", { resource: "services" });
check(false, "UPDATE,DELETE core v1 pods", { resource: "pods" });
check(false, "* apps v1 pods", { resource: "pods" });
check(true, "* * * * Cluster", { resource: "namespaces", namespace: "x" });
check(false, "* * * * Namespaced", { resource: "namespaces", namespace: "x" });
check(true, "* * * * Namespaced", { resource: "pods" });

test("Equivalent finds the object under another version; Exact does not", () => {
  const definitions = createBuiltinRegistry();
  const attributes = attributesFor({ group: "autoscaling", version: "v1", resource: "horizontalpodautoscalers" });
  const rules = [rule("* autoscaling v2 horizontalpodautoscalers")];
  assert.equal(matchedView(definitions, rules, "Equivalent", attributes)?.version, "v2");
  assert.equal(matchedView(definitions, rules, "Exact", attributes), undefined);
});

test("selectors: of the object before or after, of its namespace, of none", () => {
  const selector = labelSelectorMatcher({ matchLabels: { a: "b" } });
  const labelled = { metadata: { labels: { a: "b" } } } as never;
  const plain = { metadata: {} } as never;
  assert.equal(objectMatches(selector, plain, labelled), true);
  assert.equal(objectMatches(selector, plain, plain), false);
  assert.equal(objectMatches(selector, { kind: "PodExecOptions" } as never, undefined), false);
  const pod = attributesFor({ resource: "pods" });
  assert.equal(namespaceMatches(selector, pod, labelled, plain, undefined), true);
  assert.equal(namespaceMatches(selector, pod, plain, labelled, undefined), false);
  assert.equal(namespaceMatches(selector, attributesFor({ resource: "nodes" }), undefined, plain, undefined), true);
  assert.equal(namespaceMatches(selector, attributesFor({ resource: "namespaces" }), undefined, labelled, undefined), true);
  assert.equal(namespaceMatches(selector, attributesFor({ resource: "namespaces" }), undefined, plain, undefined), false);
});
