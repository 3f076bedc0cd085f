import assert from "node:assert/strict";
import { test } from "node:test";
import { structuralOf, type ValidatingAdmissionPolicy } from "@flotilla/api";
import { builtinType, type Kinds, type KnownKind, typeCheck, typeOf } from "./index.ts";

const KINDS: Record<string, KnownKind> = {
  "apps/v1/deployments": { group: "apps", version: "v1", kind: "Deployment", type: builtinType("apps/v1.Deployment")! },
  "apps/v1/replicasets": { group: "apps", version: "v1", kind: "ReplicaSet", type: builtinType("apps/v1.ReplicaSet")! },
  "/v1/pods": { group: "", version: "v1", kind: "Pod", type: builtinType("core/v1.Pod")! },
  "/v1/configmaps": { group: "", version: "v1", kind: "ConfigMap", type: builtinType("core/v1.ConfigMap")! },
  "example.com/v1/things": {
    group: "example.com",
    version: "v1",
    kind: "Thing",
    type: typeOf(
      structuralOf({
        type: "object",
        properties: { spec: { type: "object", properties: { size: { type: "integer" }, "max-size": { type: "integer" } } } },
      }),
      true,
    )!,
  },
};
const kinds: Kinds = {
  byResource: (group, version, resource) => [KINDS[`${group}/${version}/${resource}`]].filter((kind) => kind !== undefined),
  byKind: (group, version, kind) => Object.values(KINDS).find((one) => one.group === group && one.version === version && one.kind === kind),
};

type Spec = NonNullable<ValidatingAdmissionPolicy["spec"]>;
const rule = (apiGroups: string[], resources: string[], apiVersions = ["v1"]) => ({ operations: ["*"], apiGroups, apiVersions, resources });
const DEPLOYMENTS = { matchConstraints: { resourceRules: [rule(["apps"], ["deployments"])] } };
const check = (spec: Spec): string[] =>
  typeCheck({ metadata: { name: "p" }, spec }, kinds).map(({ fieldRef, warning }) => `${fieldRef}: ${warning}`);
const validation = (expression: string, messageExpression?: string): Spec => ({
  ...DEPLOYMENTS,
  validations: [{ expression, ...(messageExpression ? { messageExpression } : {}) }],
});

test("what no kind can satisfy is reported with the kind, the place and the expression", () => {
  assert.deepEqual(check(validation("object.replicas > 1")), [
    "spec.validations[0].expression: apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'replicas'\n | object.replicas > 1\n | ......^\n",
  ]);
  assert.deepEqual(
    check({
      ...validation("object.spec.replicas > 1"),
      matchConstraints: { resourceRules: [rule(["apps", ""], ["deployments", "replicasets", "pods"])] },
    }),
    [
      "spec.validations[0].expression: /v1, Kind=Pod: ERROR: <input>:1:12: undefined field 'replicas'\n | object.spec.replicas > 1\n | ...........^\n",
    ],
  );
  assert.deepEqual(
    check({ ...validation("object.nope"), matchConstraints: { resourceRules: [rule(["apps"], ["replicasets", "deployments"])] } }),
    [
      "spec.validations[0].expression: " +
        "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'nope'\n | object.nope\n | ......^\n" +
        "\napps/v1, Kind=ReplicaSet: ERROR: <input>:1:7: undefined field 'nope'\n | object.nope\n | ......^\n",
    ],
  );
});

test("expressions that make sense for the kind", () => {
  for (const expression of [
    "object.spec.replicas <= 5 && object.metadata.namespace != 'x' && object.metadata.__namespace__ != 'y'",
    "object.spec.template.spec.containers.all(c, c.image.startsWith('registry/') && has(c.securityContext.runAsUser))",
    "object.metadata.labels['app'] == 'x' && oldObject != null && object.metadata.creationTimestamp > timestamp('2024-01-01T00:00:00Z')",
    "object.spec.strategy.rollingUpdate.maxSurge == 1 || object.spec.strategy.rollingUpdate.maxSurge == '25%'",
    "quantity(object.spec.template.spec.containers[0].resources.limits['cpu']).isLessThan(quantity('2'))",
    "authorizer.requestResource.check('use').allowed() && request.userInfo.username != '' && namespaceObject.metadata.name == 'x'",
  ])
    assert.deepEqual(check(validation(expression)), [], expression);
});

test("every place of a policy is looked at; types of results are not", () => {
  const bad = "object.nope";
  const where = check({
    ...DEPLOYMENTS,
    variables: [
      { name: "a", expression: bad },
      { name: "b", expression: "object.spec.replicas" },
    ],
    matchConditions: [{ name: "c", expression: bad }],
    validations: [{ expression: "variables.a == 1 && variables.b == 'text'", messageExpression: bad }, { expression: "object.spec" }],
    auditAnnotations: [{ key: "k", valueExpression: bad }],
  }).map((one) => `${one.split(": ")[0]} ${/found no matching overload[^\n]*|undefined field '\w+'/.exec(one)?.[0]}`);
  assert.deepEqual(where, [
    "spec.variables[0].expression undefined field 'nope'",
    "spec.matchConditions[0].expression undefined field 'nope'",
    "spec.validations[0].expression found no matching overload for '_==_' applied to '(int, string)'",
    "spec.validations[0].messageExpression undefined field 'nope'",
    "spec.auditAnnotations[0].valueExpression undefined field 'nope'",
  ]);
});

test("parameters have the type of their kind, custom resources that of their schema", () => {
  const paramKind = { apiVersion: "v1", kind: "ConfigMap" };
  assert.deepEqual(check({ ...validation("params.data['max'] == 'x'"), paramKind }), []);
  assert.match(check({ ...validation("params.spec.max == 1"), paramKind })[0]!, /undefined field 'spec'/);
  assert.deepEqual(check({ ...validation("params.spec.max == 1"), paramKind: { apiVersion: "unknown.io/v1", kind: "Max" } }), []);
  const things = { matchConstraints: { resourceRules: [rule(["example.com"], ["things"])] } };
  assert.deepEqual(check({ ...validation("object.spec.size < object.spec.max__dash__size"), ...things }), []);
  assert.match(
    check({ ...validation("object.spec.sise < 1"), ...things })[0]!,
    /^[^ ]+ example\.com\/v1, Kind=Thing: ERROR: <input>:1:12: undefined field 'sise'/,
  );
});

test("wildcards, subresources and kinds nobody knows are passed over", () => {
  for (const one of [
    rule(["*"], ["deployments"]),
    rule(["apps"], ["*"]),
    rule(["apps"], ["deployments/scale"]),
    rule(["apps"], ["deployments"], ["*"]),
    rule(["x"], ["y"]),
  ])
    assert.deepEqual(check({ ...validation("object.nope"), matchConstraints: { resourceRules: [one] } }), [], JSON.stringify(one));
  assert.deepEqual(check({ validations: [{ expression: "object.nope" }] }), []);
});
