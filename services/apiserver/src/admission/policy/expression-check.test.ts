import assert from "node:assert/strict";
import { test } from "node:test";
import { createBuiltinRegistry, FieldErrors } from "@flotilla/api";
import { withExpressionChecks } from "./expression-check.ts";

const registry = createBuiltinRegistry(withExpressionChecks);

function problems(kind: string, object: object, old?: object): string[] {
  const definition = registry.findKind("admissionregistration.k8s.io", "v1", kind)!;
  const errors = new FieldErrors();
  definition.defaults(object);
  definition.strategy.validate?.(object, errors);
  if (old) definition.strategy.validateUpdate?.(object, old, errors, {} as never);
  else definition.strategy.validateCreate?.(object, errors);
  return errors.list.map(({ field, message }) => `${field}: ${message.split("\n")[0]}`);
}

const policy = (spec: object) => ({
  metadata: { name: "p.example.com" },
  spec: {
    matchConstraints: { resourceRules: [{ operations: ["*"], apiGroups: ["apps"], apiVersions: ["v1"], resources: ["deployments"] }] },
    validations: [{ expression: "true" }],
    ...spec,
  },
});
const one = (expression: string, more: object = {}) => ({ validations: [{ expression, ...more }] });
const AT = "spec.validations[0].expression: Invalid value";
const failed = (expression: string, at: string, issue: string) =>
  `${JSON.stringify(expression)}: compilation failed: ERROR: <input>:${at}: ${issue}`;

test("a policy's expressions are judged when it is written", () => {
  for (const [spec, ...wanted] of [
    [one("object.spec.replicas <= 5 && request.operation == 'CREATE'")],
    [
      one("object.spec.replicas <="),
      `${AT}: ${failed("object.spec.replicas <=", "1:24", "Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}")}`,
    ],
    [one("1 + 1"), `${AT}: "1 + 1": must evaluate to bool`],
    [one("object.spec.paused"), `${AT}: "object.spec.paused": must evaluate to bool`],
    [one(""), "spec.validations[0].expression: Required value: expression is not specified"],
    [one("nope == 1"), `${AT}: ${failed("nope == 1", "1:1", "undeclared reference to 'nope' (in container '')")}`],
    // The request and the namespace have types of their own.
    [one("request.user == 'x'"), `${AT}: ${failed("request.user == 'x'", "1:8", "undefined field 'user'")}`],
    [one("namespaceObject.metadata.labels['env'] == 'prod' && namespaceObject.status.phase == 'Active'")],
    [one("namespaceObject.data == 'x'"), `${AT}: ${failed("namespaceObject.data == 'x'", "1:16", "undefined field 'data'")}`],
    // params are there only with a paramKind.
    [one("params.max > 1"), `${AT}: ${failed("params.max > 1", "1:1", "undeclared reference to 'params' (in container '')")}`],
    [{ ...one("params.data.max == 'x'"), paramKind: { apiVersion: "v1", kind: "ConfigMap" } }],
    // Variables know what they are, and what comes before them.
    [{ ...one("variables.n > 1"), variables: [{ name: "n", expression: "size(object.spec.list)" }] }],
    [
      { ...one("variables.n == 'x'"), variables: [{ name: "n", expression: "size(object.spec.list)" }] },
      `${AT}: ${failed("variables.n == 'x'", "1:13", "found no matching overload for '_==_' applied to '(int, string)'")}`,
    ],
    [{ ...one("variables.m == 1"), variables: [] }, `${AT}: ${failed("variables.m == 1", "1:10", "undefined field 'm'")}`],
    [
      {
        variables: [
          { name: "a", expression: "variables.b" },
          { name: "b", expression: "1" },
        ],
      },
      `spec.variables[0].expression: Invalid value: ${failed("variables.b", "1:10", "undefined field 'b'")}`,
    ],
    [{ variables: [{ name: "if", expression: "1" }] }, 'spec.variables[0].name: Invalid value: "if": name is not a valid CEL identifier'],
    // Messages are text, and ask nobody.
    [one("true", { messageExpression: "'at most ' + string(object.spec.max)" })],
    [one("true", { messageExpression: "1" }), 'spec.validations[0].messageExpression: Invalid value: "1": must evaluate to string'],
    [
      one("true", { messageExpression: "authorizer.path('/x').check('get').reason()" }),
      `spec.validations[0].messageExpression: Invalid value: ${failed("authorizer.path('/x').check('get').reason()", "1:1", "undeclared reference to 'authorizer' (in container '')")}`,
    ],
    [{ auditAnnotations: [{ key: "k", valueExpression: "'n is ' + string(object.n)" }] }],
    [
      { auditAnnotations: [{ key: "k", valueExpression: "1" }] },
      'spec.auditAnnotations[0].valueExpression: Invalid value: "1": must evaluate to one of [string null]',
    ],
    [{ matchConditions: [{ name: "c", expression: "'system:nodes' in request.userInfo.groups" }] }],
    [
      { matchConditions: [{ name: "c", expression: "variables.x == 1" }], variables: [{ name: "x", expression: "1" }] },
      `spec.matchConditions[0].expression: Invalid value: ${failed("variables.x == 1", "1:1", "undeclared reference to 'variables' (in container '')")}`,
    ],
    [one("authorizer.group('').resource('pods').namespace('x').fieldSelector('a=b').labelSelector('c').check('list').allowed()")],
  ] as [object, ...string[]][])
    assert.deepEqual(problems("ValidatingAdmissionPolicy", policy(spec)), wanted, JSON.stringify(spec));
});

test("an expression that was accepted stays until it is touched", () => {
  const old = policy(one("nope == 1"));
  assert.deepEqual(problems("ValidatingAdmissionPolicy", structuredClone(old), old).length, 1, "defaults have changed the spec");
  const stored = policy({ ...one("nope == 1"), failurePolicy: "Fail" });
  problems("ValidatingAdmissionPolicy", stored);
  assert.deepEqual(problems("ValidatingAdmissionPolicy", structuredClone(stored), stored), []);
});

test("a webhook's conditions know the request and the object, and nothing of policies", () => {
  const hook = (expression: string) => ({
    metadata: { name: "w" },
    webhooks: [
      {
        name: "w.example.com",
        sideEffects: "None",
        admissionReviewVersions: ["v1"],
        clientConfig: { url: "https://w.example.com/" },
        matchConditions: [{ name: "c", expression }],
      },
    ],
  });
  const at = "webhooks[0].matchConditions[0].expression: Invalid value";
  for (const kind of ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"]) {
    assert.deepEqual(problems(kind, hook("!('system:masters' in request.userInfo.groups) && object.metadata.name != 'x'")), []);
    assert.deepEqual(problems(kind, hook("namespaceObject == null")), [
      `${at}: ${failed("namespaceObject == null", "1:1", "undeclared reference to 'namespaceObject' (in container '')")}`,
    ]);
    assert.deepEqual(problems(kind, hook("'x'")), [`${at}: "'x'": must evaluate to bool`]);
  }
});
