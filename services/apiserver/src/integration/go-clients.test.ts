import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Harness } from "./harness.ts";
import { Rest } from "./rest.ts";

/** What clients written in Go put on the wire that kubectl does not. */
describe("Go clients", () => {
  const harness = new Harness();
  let rest: Rest;
  before(async () => {
    await harness.start(1);
    rest = new Rest(harness);
  });
  after(() => {
    rest.close();
    harness.stop();
  });

  const CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const crd = {
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
          schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
        },
      ],
    },
  };

  test("each group has its own DeleteOptions", async () => {
    const lease = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
    const table: [apiVersion: string, status: number][] = [
      ["batch/v2", 400],
      ["v1", 200],
      ["coordination.k8s.io/v1", 200],
      ["meta.k8s.io/v1", 200],
    ];
    for (const [apiVersion, status] of table) {
      await rest.call("POST", lease, { metadata: { name: "a" } });
      const options = JSON.stringify({ kind: "DeleteOptions", apiVersion, propagationPolicy: "Background" });
      const headers = { "content-type": "application/json", "content-length": String(options.length) };
      const answer = await rest.call("DELETE", `${lease}/a`, options, { headers });
      assert.equal(answer.status, status, JSON.stringify(answer.body));
    }
  });

  test("a custom resource that may hold anything names no property in OpenAPI v2", async () => {
    assert.equal((await rest.call("POST", CRD, crd)).status, 201);
    for (let attempt = 0; attempt < 100; attempt++) {
      const { body } = await rest.call("GET", "/openapi/v2");
      const definition = body.definitions["com.example.v1.Thing"];
      if (definition) {
        assert.deepEqual(definition, {
          type: "object",
          "x-kubernetes-group-version-kind": [{ group: "example.com", version: "v1", kind: "Thing" }],
        });
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.fail("no definition of the custom resource");
  });

  test("what the client would not take as an answer is not done at all", async () => {
    const table = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" };
    const review = await rest.call("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", { spec: {} }, { headers: table });
    assert.equal(review.status, 406);
    const maps = "/api/v1/namespaces/default/configmaps";
    const written = await rest.call("POST", maps, { metadata: { name: "unwanted" } }, { headers: { accept: "text/html" } });
    assert.equal(written.status, 406);
    assert.equal((await rest.call("GET", `${maps}/unwanted`)).status, 404);
  });

  test("the version has what Go's version.Info has", async () => {
    const { body } = await rest.call("GET", "/version");
    const shapes: Record<string, RegExp> = {
      major: /^1$/,
      minor: /^\d+$/,
      gitVersion: /^v1\.\d+\.\d+/,
      gitCommit: /^[0-9a-f]{40}$/,
      gitTreeState: /^(clean|dirty)$/,
      buildDate: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
      platform: /^linux\//,
    };
    for (const [name, shape] of Object.entries(shapes)) assert.match(body[name], shape, name);
  });

  test("a URL may be long: an exec's whole command is in it", async () => {
    assert.equal((await rest.call("GET", `/api?x=${"a".repeat(200_000)}`)).status, 200);
  });
});
