import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestCluster } from "../../support/cluster.ts";

const pod = (name: string, spec: string, apiVersion = "v1") =>
  `apiVersion: ${apiVersion}\nkind: Pod\nmetadata: {name: ${name}}\nspec: ${spec}\n`;

/** What kubectl prints when the input is wrong: [what, kubectl arguments, standard input, stderr]. */
const CASES: [string, string[], string | undefined, RegExp][] = [
  [
    "unknown field",
    ["apply", "-f", "-"],
    pod("a", "{containers: [{name: a, image: a, imagee: b}]}"),
    /strict decoding error: unknown field "spec\.containers\[0\]\.imagee"/,
  ],
  [
    "bad name",
    ["create", "configmap", "Bad_Name"],
    undefined,
    /metadata\.name: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain must consist of/,
  ],
  ["missing required field", ["apply", "-f", "-"], pod("a", "{containers: [{name: a}]}"), /spec\.containers\[0\]\.image: Required value/],
  ["no containers", ["apply", "-f", "-"], pod("a", "{containers: []}"), /spec\.containers: Required value/],
  [
    "wrong type",
    ["apply", "--validate=false", "-f", "-"],
    pod("a", "{containers: [{name: 1, image: a}]}"),
    /cannot be handled as a Pod|cannot unmarshal number/,
  ],
  ["unknown kind", ["apply", "-f", "-"], "apiVersion: v1\nkind: Podd\nmetadata: {name: a}\n", /no matches for kind "Podd" in version "v1"/],
  ["not found", ["get", "pod", "nope"], undefined, /^Error from server \(NotFound\): pods "nope" not found/],
  ["unknown resource", ["get", "nopes"], undefined, /the server doesn't have a resource type "nopes"/],
  ["unknown namespace", ["create", "configmap", "x", "-n", "nope"], undefined, /namespaces "nope" not found/],
  [
    "already there",
    ["create", "namespace", "default"],
    undefined,
    /Error from server \(AlreadyExists\): namespaces "default" already exists/,
  ],
  [
    "forbidden",
    ["get", "pods", "--as=eve"],
    undefined,
    /Error from server \(Forbidden\): pods is forbidden: User "eve" cannot list resource "pods" in API group "" in the namespace "default"/,
  ],
  ["bad selector", ["get", "pods", "-l", "a=b=c"], undefined, /unable to parse|found '='|invalid/i],
  ["bad field selector", ["get", "pods", "--field-selector", "spec.x=y"], undefined, /field label not supported: spec\.x/],
  [
    "bad quantity",
    ["apply", "-f", "-"],
    pod("a", "{containers: [{name: a, image: a, resources: {limits: {cpu: lots}}}]}"),
    /quantities must match the regular expression/,
  ],
];

export function wrongInputSuite(cluster: TestCluster): void {
  for (const [what, args, stdin, expected] of CASES) {
    test(`wrong input: ${what}`, async () => {
      const result = await cluster.tryKubectl(args, stdin === undefined ? {} : { stdin });
      assert.equal(result.code, 1, `${result.stdout}${result.stderr}`);
      assert.match(result.stderr, expected);
    });
  }

  test("wrong input: immutable field and conflict", async () => {
    await cluster.apply(
      "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: fixed}\nspec: {replicas: 0, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: a}]}}}\n",
    );
    try {
      const changed = await cluster.tryKubectl([
        "patch",
        "deployment",
        "fixed",
        "-p",
        '{"spec":{"selector":{"matchLabels":{"a":"c"}},"template":{"metadata":{"labels":{"a":"c"}}}}}',
      ]);
      assert.equal(changed.code, 1);
      assert.match(changed.stderr, /The Deployment "fixed" is invalid: spec\.selector: Invalid value: .*: field is immutable/s);
      const stale = await cluster.json("get", "deployment", "fixed");
      await cluster.kubectl("label", "deployment", "fixed", "x=y");
      const conflict = await cluster.tryKubectl(["replace", "-f", "-"], { stdin: JSON.stringify(stale) });
      assert.equal(conflict.code, 1);
      assert.match(
        conflict.stderr,
        /Error from server \(Conflict\): .*Operation cannot be fulfilled on deployments\.apps "fixed": the object has been modified; please apply your changes to the latest version and try again/,
      );
    } finally {
      await cluster.kubectl("delete", "deployment", "fixed");
    }
  });
}
