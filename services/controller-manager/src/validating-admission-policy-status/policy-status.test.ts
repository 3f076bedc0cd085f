import assert from "node:assert/strict";
import { test } from "node:test";
import { type CustomResourceDefinition, CustomResourceDefinitions, type ResourceType, type ValidatingAdmissionPolicy } from "@flotilla/api";
import { startControllers } from "../testing/controllers.ts";
import { startPolicyStatusController } from "./controller.ts";

const POLICIES: ResourceType<ValidatingAdmissionPolicy> = {
  group: "admissionregistration.k8s.io",
  version: "v1",
  resource: "validatingadmissionpolicies",
  kind: "ValidatingAdmissionPolicy",
  namespaced: false,
};

const policy = (name: string, [group, resource]: [string, string], expression: string): ValidatingAdmissionPolicy => ({
  metadata: { name, generation: 1 },
  spec: {
    matchConstraints: { resourceRules: [{ operations: ["*"], apiGroups: [group], apiVersions: ["v1"], resources: [resource] }] },
    validations: [{ expression }],
  },
});

const THINGS = {
  metadata: { name: "things.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { plural: "things", kind: "Thing" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: { type: "object", properties: { spec: { type: "object", properties: { size: { type: "integer" } } } } },
        },
      },
    ],
  },
} as unknown as CustomResourceDefinition;

test("each generation of a policy is checked once, against built-in and custom kinds", async () => {
  const c = startControllers([startPolicyStatusController]);
  c.api.seed(CustomResourceDefinitions, THINGS);
  c.api.seed(
    POLICIES,
    policy("good", ["apps", "deployments"], "object.spec.replicas > 1"),
    policy("bad", ["apps", "deployments"], "object.replicas > 1"),
    policy("thing", ["example.com", "things"], "object.spec.size > 1 && object.metadata.labels['a'] == 'b'"),
    policy("bad-thing", ["example.com", "things"], "object.spec.sise > 1"),
  );
  await c.run();
  const status = (name: string) => c.api.all(POLICIES).find(({ metadata }) => metadata.name === name)!.status!;
  const issue = (name: string) => status(name).typeChecking?.expressionWarnings?.map(({ warning }) => warning.split("\n")[0]);
  assert.deepEqual(issue("good"), undefined);
  assert.deepEqual(issue("bad"), ["apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'replicas'"]);
  assert.deepEqual(issue("thing"), undefined);
  assert.deepEqual(issue("bad-thing"), ["example.com/v1, Kind=Thing: ERROR: <input>:1:12: undefined field 'sise'"]);
  assert.deepEqual(
    ["good", "bad", "thing"].map((name) => status(name).observedGeneration),
    [1, 1, 1],
  );

  const writes = c.api.writes().length;
  const bad = c.api.all(POLICIES).find(({ metadata }) => metadata.name === "bad")!;
  await c.api.update(POLICIES, { ...bad, spec: { ...bad.spec!, validations: [{ expression: "object.spec.replicas > 1" }] } });
  await c.run();
  assert.equal(status("bad").observedGeneration, 2);
  assert.deepEqual(issue("bad"), undefined, "a warning goes with its cause");
  assert.equal(c.api.writes().length - writes, 2, "the update and one status");
  c.stop.abort();
});
