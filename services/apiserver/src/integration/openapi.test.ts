import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Harness } from "./harness.ts";

const KUBECTLS = Harness.kubectls();

/** Validation reads OpenAPI v2 as protobuf up to 1.28 and v3 after; explain can be made to read either. */
describe("OpenAPI as kubectl reads it", { skip: KUBECTLS.length === 0 && "no kubectl here" }, () => {
  const harness = new Harness();
  before(() => harness.start(1));
  after(() => harness.stop());

  for (const kubectl of KUBECTLS) {
    const name = kubectl.split("/").at(-1);
    test(`${name} validates before it sends`, async () => {
      const manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bad}\ndate: {}\n";
      const { code, stderr } = await harness.kubectl(kubectl, ["create", "--validate=true", "-f", "-"], { stdin: manifest });
      assert.equal(code, 1);
      assert.match(stderr, /unknown field "date"/);
    });
    test(`${name} explains from v2 and v3 alike`, async () => {
      const v3 = await harness.kubectl(kubectl, ["explain", "pod.spec.containers.ports"]);
      assert.match(v3.stdout, /KIND: +Pod\nVERSION: +v1\n(.|\n)*containerPort\s+<integer> +-required-/, v3.stderr);
      const v2 = await harness.kubectl(kubectl, ["explain", "pod.spec.containers.ports", "--output=plaintext-openapiv2"]);
      assert.match(v2.stdout, /KIND: +Pod\nVERSION: +v1\n(.|\n)*containerPort\s+<integer> +-required-/, v2.stderr);
    });
  }

  test("v2 as JSON names bodies and answers", async () => {
    const { stdout } = await harness.kubectl(KUBECTLS[0]!, ["get", "--raw", "/openapi/v2"]);
    const { paths, definitions } = JSON.parse(stdout);
    const { post } = paths["/api/v1/namespaces/{namespace}/pods"];
    assert.equal(post.operationId, "createCoreV1NamespacedPod");
    assert.equal(post.parameters[0].schema.$ref, "#/definitions/io.k8s.api.core.v1.Pod");
    assert.ok(paths["/api/v1/namespaces/{namespace}/pods/{name}/status"].patch);
    assert.ok(definitions["io.k8s.api.core.v1.PodList"]);
    const references = new Set([...stdout.matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g)].map(([, target]) => target!));
    assert.deepEqual(
      [...references].filter((target) => !definitions[target]),
      [],
    );
  });
});
