import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { decodeAs } from "@flotilla/api";
import { Harness } from "./harness.ts";

const PROTOBUF = "application/vnd.kubernetes.protobuf";
const METADATA = `${PROTOBUF};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`;
const kubectl = Harness.kubectls().at(-1);

describe("protobuf replies", { skip: kubectl === undefined && "no kubectl here" }, () => {
  const harness = new Harness();
  before(async () => {
    await harness.start(1);
    for (const line of [
      "create configmap a --from-literal=k=v",
      "create deployment d --image=nginx",
      "create service clusterip s --tcp=80:8080",
    ]) {
      const { code, stderr } = await harness.kubectl(kubectl!, line.split(" "));
      assert.equal(code, 0, stderr);
    }
  });
  after(() => harness.stop());

  /** One GET as the administrator; `bytes` bounds how much of an endless answer is read. */
  function get(path: string, accept: string, bytes = Number.POSITIVE_INFINITY): Promise<{ code: number; type: string; body: Buffer }> {
    const { clusters, users } = JSON.parse(readFileSync(join(harness.folder, "kubeconfig"), "utf8"));
    const admin = users.find(({ name }: { name: string }) => name === "admin").user;
    const pem = (text: string) => Buffer.from(text, "base64");
    return new Promise((resolve, reject) => {
      const options = {
        ca: pem(clusters[0].cluster["certificate-authority-data"]),
        cert: pem(admin["client-certificate-data"]),
        key: pem(admin["client-key-data"]),
        headers: { accept },
        agent: false,
      };
      const sent = request(`${clusters[0].cluster.server}${path}`, options, (response) => {
        let body = Buffer.alloc(0);
        const done = () => resolve({ code: response.statusCode!, type: String(response.headers["content-type"]), body });
        response.on("data", (chunk: Buffer) => {
          body = Buffer.concat([body, chunk]);
          if (body.length < bytes) return;
          done();
          sent.destroy();
        });
        response.on("end", done);
        response.on("error", () => {});
      });
      sent.on("error", reject);
      sent.end();
    });
  }

  const decode = (schema: string, apiVersion: string, kind: string, body: Buffer): unknown => {
    const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
    return decodeAs({ schema, group: group!, version: version!, kind }, body, { contentType: PROTOBUF }).object;
  };

  const SAME: [path: string, schema: string, apiVersion: string, kind: string][] = [
    ["/api/v1/namespaces/default/configmaps/a", "core/v1.ConfigMap", "v1", "ConfigMap"],
    ["/api/v1/namespaces/default/services/s", "core/v1.Service", "v1", "Service"],
    ["/api/v1/namespaces", "core/v1.NamespaceList", "v1", "NamespaceList"],
    ["/apis/apps/v1/namespaces/default/deployments", "apps/v1.DeploymentList", "apps/v1", "DeploymentList"],
    ["/apis/apps/v1/namespaces/default/deployments/d/scale", "autoscaling/v1.Scale", "autoscaling/v1", "Scale"],
    ["/apis/rbac.authorization.k8s.io/v1/clusterroles", "rbac/v1.ClusterRoleList", "rbac.authorization.k8s.io/v1", "ClusterRoleList"],
  ];
  for (const [path, schema, apiVersion, kind] of SAME) {
    test(`${path} says the same as its JSON`, async () => {
      const [asJson, asProtobuf] = await Promise.all([get(path, "application/json"), get(path, `${PROTOBUF},application/json`)]);
      assert.equal(asProtobuf.type, PROTOBUF);
      assert.deepEqual(pruned(decode(schema, apiVersion, kind, asProtobuf.body)), pruned(untyped(JSON.parse(asJson.body.toString()))));
    });
  }

  test("metadata alone", async () => {
    const { body } = await get("/apis/apps/v1/namespaces/default/deployments/d", METADATA);
    const partial = decode("meta/v1.PartialObjectMetadata", "meta.k8s.io/v1", "PartialObjectMetadata", body) as Record<string, any>;
    assert.equal(partial["metadata"].name, "d");
    assert.equal(partial["spec"], undefined);
  });

  test("a failure is a Status in protobuf", async () => {
    const { code, type, body } = await get("/api/v1/namespaces/default/pods/none", PROTOBUF);
    const status = decode("meta/v1.Status", "v1", "Status", body) as Record<string, any>;
    assert.deepEqual([code, type, status["reason"], status["details"].name], [404, PROTOBUF, "NotFound", "none"]);
  });

  test("a watch is a stream of frames", async () => {
    const { type, body } = await get(
      "/api/v1/namespaces/default/configmaps?watch=true&resourceVersion=0&fieldSelector=metadata.name=a",
      PROTOBUF,
      100,
    );
    assert.equal(type, `${PROTOBUF};stream=watch`);
    const frame = body.subarray(4, 4 + body.readUInt32BE(0));
    assert.equal(frame.subarray(2, 7).toString(), "ADDED");
    const object = frame.subarray(frame.indexOf("k8s\0"));
    const { metadata, data } = decode("core/v1.ConfigMap", "v1", "ConfigMap", object) as Record<string, any>;
    assert.deepEqual([metadata.name, data], ["a", { k: "v" }]);
  });

  test("kubectl, whose typed clients ask for protobuf, reads them", async () => {
    const described = await harness.kubectl(kubectl!, ["describe", "deployment", "d"]);
    assert.match(described.stdout, /Name: +d\n(.|\n)*Image: +nginx/, described.stderr);
    assert.match((await harness.kubectl(kubectl!, ["describe", "service", "s"])).stdout, /TargetPort: +8080\/TCP/);
    assert.match((await harness.kubectl(kubectl!, ["auth", "whoami"])).stdout, /Username +/);
  });
});

/** Items of a list say their kind in our JSON; in protobuf they have no place for it. */
function untyped(object: Record<string, any>): object {
  return object["items"] ? { ...object, items: object["items"].map(({ kind: _, apiVersion: __, ...item }: any) => item) } : object;
}

/** JSON may name what protobuf leaves out: nulls and empty values. */
function pruned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pruned);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value)
    .map(([key, item]) => [key, pruned(item)] as const)
    .filter(([, item]) => item !== null && item !== "" && !(typeof item === "object" && Object.keys(item).length === 0));
  return Object.fromEntries(kept);
}
