import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connect } from "node:tls";
import { issue } from "@flotilla/pki";
import { systemRandom } from "@flotilla/process";
import { Harness } from "./harness.ts";
import { Rest } from "./rest.ts";

const PATH = "/api/v1/namespaces/default/configmaps";
const POLICY = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  rules: [
    { level: "None", nonResourceURLs: ["/readyz*"] },
    { level: "RequestResponse", resources: [{ group: "", resources: ["configmaps"] }], verbs: ["create"] },
    { level: "Metadata" },
  ],
};

describe("an API server in operation", () => {
  const harness = new Harness({
    flags: (folder) => [
      `--audit-policy-file=${join(folder, "policy.json")}`,
      `--audit-log-path=${join(folder, "audit.log")}`,
      "--max-requests-inflight=40",
      "--max-mutating-requests-inflight=20",
      "--shutdown-delay-duration=500ms",
    ],
  });
  let rest: Rest;
  let jane: Rest;
  before(async () => {
    writeFileSync(join(harness.folder, "policy.json"), JSON.stringify(POLICY));
    await harness.start(1);
    rest = new Rest(harness);
    jane = new Rest(harness, "jane");
  });
  after(() => {
    rest?.close();
    jane?.close();
    harness.stop();
  });

  const audited = () =>
    readFileSync(join(harness.folder, "audit.log"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));

  test("what the policy asks for is recorded under the ID that the answer bears", async () => {
    const made = await rest.call("POST", PATH, { metadata: { name: "a" }, data: { x: "1" } });
    const refused = await jane.call("GET", `${PATH}/a`);
    const acting = await rest.call("GET", `${PATH}/a`, undefined, { headers: { "impersonate-user": "jane", "audit-id": "my-own" } });
    const nobody = await rest.call("GET", `${PATH}/a`, undefined, { headers: { authorization: "Bearer wrong" } });
    const byId = (id: unknown) => audited().find(({ auditID }) => auditID === id);
    const create = byId(made.headers["audit-id"]);
    assert.equal(create.level, "RequestResponse");
    assert.deepEqual(create.requestObject.data, { x: "1" });
    assert.equal(create.responseObject.metadata.uid, made.body.metadata.uid);
    assert.equal(create.user.username, "kubernetes-admin");
    assert.deepEqual(create.annotations["authorization.k8s.io/decision"], "allow");
    const forbidden = byId(refused.headers["audit-id"]);
    assert.deepEqual([forbidden.user.username, forbidden.responseStatus.code, forbidden.requestObject], ["jane", 403, undefined]);
    assert.equal(acting.headers["audit-id"], "my-own");
    assert.equal(byId("my-own").impersonatedUser.username, "jane");
    assert.equal(nobody.status, 200, "a certificate counts before a token");
    assert.ok(!audited().some(({ requestURI }) => requestURI.startsWith("/readyz")));
  });

  test("a user who floods does not starve another", async () => {
    const { body } = await rest.call("GET", "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas");
    const answer = await jane.call("GET", `${PATH}/a`);
    assert.ok("x-kubernetes-pf-flowschema-uid" in answer.headers, "the answer says by which rules it was ordered");
    const schema = (body.items ?? []).find(({ metadata }: any) => metadata.name === "global-default");
    assert.equal(answer.headers["x-kubernetes-pf-flowschema-uid"], schema.metadata.uid);
    const as = (user: string) => ({ headers: { "impersonate-user": user } });
    const flood = Array.from({ length: 600 }, () => rest.call("GET", "/version", undefined, as("flood")));
    const calm = await Promise.all(Array.from({ length: 5 }, () => rest.call("GET", "/version", undefined, as("calm"))));
    assert.deepEqual(
      calm.map(({ status }) => status),
      [200, 200, 200, 200, 200],
    );
    const codes = new Set((await Promise.all(flood)).map(({ status }) => status));
    for (const code of codes) assert.ok(code === 200 || code === 429, `${code}`);
  });

  test("a flow schema says whether its level exists; what is mandatory cannot be changed; the queues can be looked into", async () => {
    const group = "/apis/flowcontrol.apiserver.k8s.io/v1";
    const rules = [
      {
        subjects: [{ kind: "User", user: { name: "x" } }],
        nonResourceRules: [{ verbs: ["get"], nonResourceURLs: ["/x"] }],
      },
    ];
    const spec = { matchingPrecedence: 77, priorityLevelConfiguration: { name: "late" }, rules };
    assert.equal((await rest.call("POST", `${group}/flowschemas`, { metadata: { name: "mine" }, spec })).status, 201);
    const dangling = async (name: string, wanted: string) => {
      let found: any;
      for (let i = 0; i < 100 && found?.status !== wanted; i++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        const { body } = await rest.call("GET", `${group}/flowschemas/${name}`);
        found = body.status.conditions?.find(({ type }: any) => type === "Dangling");
      }
      return [found.status, found.reason, found.message];
    };
    const references = 'This FlowSchema references the PriorityLevelConfiguration object named "late"';
    assert.deepEqual(await dangling("mine", "True"), ["True", "NotFound", `${references} but there is no such object`]);
    const level = { type: "Limited", limited: { nominalConcurrencyShares: 1, limitResponse: { type: "Reject" } } };
    await rest.call("POST", `${group}/prioritylevelconfigurations`, { metadata: { name: "late" }, spec: level });
    assert.deepEqual(await dangling("mine", "False"), ["False", "Found", `${references} and it exists`]);
    assert.equal((await dangling("exempt", "False"))[0], "False");
    await rest.call("DELETE", `${group}/prioritylevelconfigurations/late`);
    assert.equal((await dangling("mine", "True"))[1], "NotFound");

    const wrong = {
      ...spec,
      rules: [{ subjects: [{ kind: "User", user: {} }], nonResourceRules: [{ verbs: ["peek"], nonResourceURLs: ["x*y"] }] }],
    };
    const refused = await rest.call("POST", `${group}/flowschemas`, { metadata: { name: "wrong" }, spec: wrong });
    assert.equal(refused.status, 422);
    assert.deepEqual(
      refused.body.details.causes.map(({ field }: any) => field),
      ["user.name", "nonResourceRules[0].verbs", "nonResourceRules[0].nonResourceURLs[0]"].map((field) =>
        field.startsWith("user") ? `spec.rules[0].subjects[0].${field}` : `spec.rules[0].${field}`,
      ),
    );
    const { body: exempt } = await rest.call("GET", `${group}/flowschemas/exempt`);
    const changed = await rest.call("PUT", `${group}/flowschemas/exempt`, { ...exempt, spec: { ...exempt.spec, rules: [] } });
    assert.match(changed.body.message, /spec of 'exempt' must equal the fixed value/);

    const page = await rest.call("GET", "/debug/api_priority_and_fairness/dump_priority_levels");
    assert.match(String(page.body), /^PriorityLevelName, +ActiveQueues,[\s\S]*\nglobal-default, +\d+,/);
    assert.equal((await jane.call("GET", "/debug/api_priority_and_fairness/dump_requests")).status, 403);
  });

  test("a renewed certificate is shown to new connections without a restart", async () => {
    const file = (name: string) => join(harness.folder, name);
    const authority = { cert: readFileSync(file("ca.crt"), "utf8"), key: readFileSync(file("ca.key"), "utf8") };
    const shown = () =>
      new Promise<string>((resolve, reject) => {
        const socket = connect({ host: "127.0.0.1", port: harness.port(0), ca: authority.cert }, () => {
          resolve(socket.getPeerCertificate().fingerprint256);
          socket.destroy();
        });
        socket.on("error", reject);
      });
    const before = await shown();
    const env = { now_ms: Date.now(), random: systemRandom };
    const names = { subject: { commonName: "kube-apiserver" }, usages: ["server" as const], altNames: ["localhost", "127.0.0.1"] };
    const renewed = issue(authority, names, env);
    writeFileSync(file("apiserver.crt"), renewed.cert);
    writeFileSync(file("apiserver.key"), renewed.key);
    let now = before;
    for (let i = 0; i < 60 && now === before; i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      now = await shown();
    }
    assert.notEqual(now, before);
    assert.equal((await rest.call("GET", "/version")).status, 200, "open connections stay");
  });

  test("a server that is told to stop says so, ends its watches in order, and finishes", async () => {
    const watch = rest.watch(`${PATH}?watch=1`, () => false);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const stopped = harness.kill(0, "SIGTERM");
    let ready = 200;
    for (let i = 0; i < 20 && ready === 200; i++) ready = (await rest.call("GET", "/readyz")).status;
    assert.equal(ready, 500);
    assert.equal((await watch).ended, true);
    await stopped;
  });
});
