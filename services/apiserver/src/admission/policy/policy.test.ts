import assert from "node:assert/strict";
import { test } from "node:test";
import { createBuiltinRegistry, type ValidatingAdmissionPolicy } from "@flotilla/api";
import type { Authorizer } from "../../authz/authorizer.ts";
import type { Store } from "../../storage/store.ts";
import { admit, MemoryStore, type What } from "../testing/rig.ts";
import { validatingAdmissionPolicies } from "./validating-admission-policy.ts";

type Spec = NonNullable<ValidatingAdmissionPolicy["spec"]>;
const RULES = { resourceRules: [{ operations: ["*"], apiGroups: ["apps"], apiVersions: ["v1"], resources: ["deployments"] }] };
const DEPLOYMENTS: What = { group: "apps", resource: "deployments" };
const deployment = (replicas: number, more: object = {}) => ({ metadata: { name: "x", namespace: "ns", ...more }, spec: { replicas } });
const authorizer: Authorizer = {
  authorize: (a) =>
    a.verb === "bypass" && a.user.name === "root" ? { allowed: true, reason: "" } : { allowed: false, denied: false, reason: "no" },
  rulesFor: () => [],
};

function rig(spec: Spec, binding: object = {}, store = new MemoryStore()) {
  store.seed("validatingadmissionpolicies", { metadata: { name: "p" }, spec: { matchConstraints: RULES, failurePolicy: "Fail", ...spec } });
  store.seed("validatingadmissionpolicybindings", {
    metadata: { name: "b" },
    spec: { policyName: "p", validationActions: ["Deny"], ...binding },
  });
  store.seed("namespaces", { metadata: { name: "ns", labels: { env: "prod" } } });
  return validatingAdmissionPolicies({ store: store as unknown as Store, definitions: createBuiltinRegistry(), authorizer });
}

const BY = "deployments.apps \"x\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: ";

function check(name: string, spec: Spec, object: object, expected: string, what: What = DEPLOYMENTS): void {
  test(name, async () => {
    assert.equal(await admit(rig(spec), what, object), expected && BY + expected);
  });
}

const SMALL = { validations: [{ expression: "object.spec.replicas <= 5" }] };
check("holds", SMALL, deployment(5), "");
check("does not hold", SMALL, deployment(6), "failed expression: object.spec.replicas <= 5");
check("another resource", SMALL, deployment(6), "", { group: "apps", resource: "replicasets" });
check(
  "says it in its own words",
  { validations: [{ expression: "object.spec.replicas <= 5", message: "too many" }] },
  deployment(6),
  "too many",
);
check(
  "messageExpression goes before message",
  {
    variables: [{ name: "max", expression: "namespaceObject.metadata.labels.env == 'prod' ? 3 : 9" }],
    validations: [
      { expression: "object.spec.replicas <= variables.max", message: "m", messageExpression: "'at most ' + string(variables.max)" },
    ],
  },
  deployment(4),
  "at most 3",
);
check(
  "an error refuses",
  { validations: [{ expression: "object.spec.nothing == 1" }] },
  deployment(1),
  "expression 'object.spec.nothing == 1' resulted in error: no such key: nothing",
);
check(
  "an error is ignored where asked",
  { failurePolicy: "Ignore", validations: [{ expression: "object.spec.nothing == 1" }] },
  deployment(1),
  "",
);
check(
  "match conditions leave out",
  { ...SMALL, matchConditions: [{ name: "not-root", expression: "request.userInfo.username != 'jane'" }] },
  deployment(6),
  "",
);
check(
  "the authorizer",
  { validations: [{ expression: "authorizer.requestResource.check('bypass').allowed()", message: "may not" }] },
  deployment(1),
  "may not",
);
check("… allows root", { validations: [{ expression: "authorizer.requestResource.check('bypass').allowed()" }] }, deployment(1), "", {
  ...DEPLOYMENTS,
  user: { name: "root", groups: [] },
});
check("what is excluded", { ...SMALL, matchConstraints: { ...RULES, excludeResourceRules: RULES.resourceRules } }, deployment(6), "");

const LIST = {
  metadata: { name: "x", namespace: "ns", annotations: {} },
  spec: { replicas: 1, list: Array.from({ length: 400 }, (_, i) => i) },
};
const DEAR = "object.spec.list.all(a, object.spec.list.exists(b, b == 320))";
check(
  "an expression may cost a million",
  { validations: [{ expression: "object.spec.list.all(a, object.spec.list.all(b, b >= 0 && a >= 0))" }] },
  LIST,
  "expression 'object.spec.list.all(a, object.spec.list.all(b, b >= 0 && a >= 0))' resulted in error: operation cancelled: actual cost limit exceeded",
);
check("… and another one as much", { validations: [{ expression: DEAR }, { expression: DEAR }] }, LIST, "");
check(
  "… but all of a policy no more than ten millions",
  { validations: Array.from({ length: 25 }, () => ({ expression: DEAR })) },
  LIST,
  "validation failed due to running out of cost budget, no further validation rules will be run",
);

test("parameters: by name, by selector, missing", async () => {
  const params = { data: { max: "3" } };
  const store = () =>
    new MemoryStore().seed("configmaps", { metadata: { name: "limits", namespace: "ns", labels: { for: "p" } }, ...params });
  const spec: Spec = {
    paramKind: { apiVersion: "v1", kind: "ConfigMap" },
    validations: [{ expression: "object.spec.replicas <= int(params.data.max)" }],
  };
  const ask = (paramRef: object) => admit(rig(spec, { paramRef }, store()), DEPLOYMENTS, deployment(4));
  const no = `${BY}failed expression: object.spec.replicas <= int(params.data.max)`;
  assert.equal(await ask({ name: "limits", parameterNotFoundAction: "Deny" }), no);
  assert.equal(await ask({ selector: { matchLabels: { for: "p" } }, parameterNotFoundAction: "Deny" }), no);
  assert.equal(await ask({ name: "other", parameterNotFoundAction: "Allow" }), "");
  assert.match(
    await ask({ name: "other", parameterNotFoundAction: "Deny" }),
    /no params found for policy binding with `Deny` parameterNotFoundAction/,
  );
});

test("Warn and Audit let through, and speak", async () => {
  const [warnings, annotations]: [string[], Record<string, string>] = [[], {}];
  const spec: Spec = { ...SMALL, auditAnnotations: [{ key: "replicas", valueExpression: "string(object.spec.replicas)" }] };
  const plugin = rig(spec, { validationActions: ["Warn", "Audit"] });
  assert.equal(await admit(plugin, { ...DEPLOYMENTS, warnings, annotations }, deployment(6)), "");
  assert.deepEqual(warnings, [
    "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': failed expression: object.spec.replicas <= 5",
  ]);
  assert.equal(annotations["p/replicas"], "6");
  assert.deepEqual(JSON.parse(annotations["validation.policy.admission.k8s.io/validation_failure"]!), [
    {
      message: "failed expression: object.spec.replicas <= 5",
      policy: "p",
      binding: "b",
      expressionIndex: 0,
      validationActions: ["Warn", "Audit"],
    },
  ]);
});

test("an update sees the old object, a deletion only that", async () => {
  const plugin = rig({
    validations: [
      {
        expression:
          "request.operation == 'DELETE' ? oldObject.spec.replicas == 0 : oldObject == null || object.spec.replicas >= oldObject.spec.replicas",
      },
    ],
  });
  assert.equal(await admit(plugin, { ...DEPLOYMENTS, operation: "UPDATE" }, deployment(2), deployment(1)), "");
  assert.match(await admit(plugin, { ...DEPLOYMENTS, operation: "UPDATE" }, deployment(1), deployment(2)), /failed expression/);
  assert.match(await admit(plugin, { ...DEPLOYMENTS, operation: "DELETE" }, undefined, deployment(2)), /failed expression/);
  assert.equal(await admit(plugin, { ...DEPLOYMENTS, operation: "DELETE" }, undefined, deployment(0)), "");
});
