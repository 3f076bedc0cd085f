/** CEL where a user meets it: what kubectl prints when rules and policies are written, and what a policy's status says. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Caller } from "./caller.ts";
import { Harness } from "./harness.ts";

const KUBECTL = Harness.kubectls().at(-1);

const crd = (plural: string, spec: object) => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${plural}.cel.example.com` },
  spec: {
    group: "cel.example.com",
    scope: "Namespaced",
    names: { plural, singular: plural.slice(0, -1), kind: `${plural[0]!.toUpperCase()}${plural.slice(1, -1)}` },
    versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object", properties: { spec } } } }],
  },
});

const policy = (name: string, spec: object) => ({
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingAdmissionPolicy",
  metadata: { name },
  spec: {
    matchConstraints: {
      resourceRules: [{ operations: ["CREATE"], apiGroups: ["apps"], apiVersions: ["v1"], resources: ["deployments", "replicasets"] }],
    },
    ...spec,
  },
});

describe("expressions by a running server", { skip: !KUBECTL && "no kubectl here" }, () => {
  const harness = new Harness();
  let admin: Caller;
  before(async () => {
    await harness.start(1);
    harness.startControllerManager();
    admin = Caller.admin(harness);
  });
  after(() => harness.stop());

  const apply = async (object: object) => {
    const { code, stdout, stderr } = await harness.kubectl(KUBECTL!, ["apply", "-f", "-"], { stdin: JSON.stringify(object) });
    return `${stdout}${stderr}`.trim() + (code === 0 ? "" : ` [${code}]`);
  };
  const words = (bounds: object) => ({
    type: "object",
    properties: {
      words: { type: "array", items: { type: "string", ...bounds }, ...(Object.keys(bounds).length > 0 ? { maxItems: 100 } : {}) },
    },
    "x-kubernetes-validations": [{ rule: "self.words.all(a, self.words.exists_one(b, a == b))", message: "words must be unique" }],
  });

  test("a rule that could become too dear is refused until its lists are bounded", async () => {
    const rule = "spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule";
    const hint =
      "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)";
    assert.equal(
      await apply(crd("lists", words({}))),
      [
        'The CustomResourceDefinition "lists.cel.example.com" is invalid: ',
        `* ${rule}: Forbidden: estimated rule cost exceeds budget by factor of more than 100x ${hint}`,
        `* ${rule}: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema`,
        `* spec.validation.openAPIV3Schema: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x ${hint} [1]`,
      ].join("\n"),
    );
    assert.equal(
      await apply(crd("lists", words({ maxLength: 63 }))),
      "customresourcedefinition.apiextensions.k8s.io/lists.cel.example.com created",
    );
    const path = "/apis/cel.example.com/v1/namespaces/default/lists";
    const list = (name: string, ...all: string[]) => ({
      apiVersion: "cel.example.com/v1",
      kind: "List",
      metadata: { name },
      spec: { words: all },
    });
    for (let attempt = 0; (await admin.ask(path)).status !== 200 && attempt < 200; attempt++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal((await admin.post(path, list("a", "x", "y"))).status, 201);
    assert.match((await admin.post(path, list("b", "x", "x"))).json.message, /spec: Invalid value: "object": words must be unique$/);
  });

  test("rules are judged with their messages, paths and old values", async () => {
    const text = { type: "string", "x-kubernetes-validations": [{ rule: "self == oldSelf" }] };
    const spec = {
      type: "object",
      properties: { all: { type: "array", maxItems: 9, items: { ...text, maxLength: 9 } } },
      "x-kubernetes-validations": [{ rule: "size(self.all) > 0", messageExpression: "size(self.all)", fieldPath: ".none" }],
    };
    const at = "spec.validation.openAPIV3Schema.properties[spec]";
    const answer = await apply(crd("texts", spec));
    assert.match(answer, /x-kubernetes-validations\[0\]\.fieldPath: Invalid value: "\.none": fieldPath must be a valid path$/m);
    delete (spec["x-kubernetes-validations"][0] as { fieldPath?: string }).fieldPath;
    const next = await apply(crd("texts", spec));
    assert.ok(next.includes("messageExpression must evaluate to a string"), next);
    assert.ok(next.includes(`oldSelf cannot be used on the uncorrelatable portion of the schema within ${at}.properties[all]`), next);
  });

  test("a policy with a wrong expression is refused", async () => {
    assert.equal(
      await apply(policy("wrong", { validations: [{ expression: "object.spec.replicas <= params.max" }] })),
      'The ValidatingAdmissionPolicy "wrong" is invalid: spec.validations[0].expression: Invalid value: "object.spec.replicas <= params.max": ' +
        "compilation failed: ERROR: <input>:1:25: undeclared reference to 'params' (in container '')\n" +
        " | object.spec.replicas <= params.max\n | ........................^ [1]",
    );
  });

  test("a policy's status says what its expressions get wrong, and kubectl describes it", async () => {
    const validations = [{ expression: "object.replicas > 1", messageExpression: "'has ' + string(object.spec.replicas)" }];
    assert.equal(await apply(policy("typed", { validations })), "validatingadmissionpolicy.admissionregistration.k8s.io/typed created");
    const url = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/typed";
    const observed = async (generation: number) => {
      for (let attempt = 0; attempt < 600; attempt++) {
        const { json } = await admin.ask(url);
        if (json.status?.observedGeneration === generation) return json.status;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error("the policy's status was never set");
    };
    const problem = (kind: string) =>
      `apps/v1, Kind=${kind}: ERROR: <input>:1:7: undefined field 'replicas'\n | object.replicas > 1\n | ......^\n`;
    assert.deepEqual((await observed(1)).typeChecking, {
      expressionWarnings: [{ fieldRef: "spec.validations[0].expression", warning: `${problem("Deployment")}\n${problem("ReplicaSet")}` }],
    });
    const { stdout } = await harness.kubectl(KUBECTL!, ["describe", "validatingadmissionpolicy", "typed"]);
    assert.match(
      stdout,
      /Status:\n +Observed Generation: +1\n +Type Checking:\n +Expression Warnings:\n +Field Ref: +spec\.validations\[0\]\.expression\n +Warning: +apps\/v1, Kind=Deployment: ERROR/,
    );
    assert.equal(
      await apply(policy("typed", { validations: [{ expression: "object.spec.replicas > 1" }] })),
      "validatingadmissionpolicy.admissionregistration.k8s.io/typed configured",
    );
    assert.deepEqual((await observed(2)).typeChecking, {});
  });
});
