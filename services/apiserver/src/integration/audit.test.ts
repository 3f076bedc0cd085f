import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { AuditReceiver } from "./audit-receiver.ts";
import { Caller } from "./caller.ts";
import { Harness } from "./harness.ts";

const PATH = "/api/v1/namespaces/default/configmaps";
const POLICY = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitManagedFields: true,
  rules: [
    { level: "None", nonResourceURLs: ["/*"] },
    { level: "None", verbs: ["list", "watch"] },
    { level: "Metadata", namespaces: ["strict"] },
    ...[
      { level: "Metadata", resources: [{ group: "", resources: ["secrets"] }] },
      { level: "Request", resources: [{ group: "", resources: ["services/proxy", "pods/proxy"] }] },
      { level: "RequestResponse", resources: [{ group: "", resources: ["configmaps"] }], omitManagedFields: false, verbs: ["patch"] },
      { level: "RequestResponse", resources: [{ group: "", resources: ["configmaps"] }, { group: "apps" }] },
    ].map((rule) => ({ ...rule, omitStages: ["RequestReceived"] })),
    { level: "None" },
  ],
};
const configMap = (name: string, data: Record<string, string> = { a: "1" }) => ({ metadata: { name }, data });

async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`never: ${what}`);
}

/** A server with a webhook for its events, mode and sizes as the flags say. */
function setup(flags: (folder: string) => string[]) {
  const harness: Harness = new Harness({
    flags: (folder) => {
      writeFileSync(join(folder, "policy.json"), JSON.stringify(POLICY));
      receiver.trust(harness);
      return [`--audit-policy-file=${join(folder, "policy.json")}`, `--audit-webhook-config-file=${receiver.kubeconfig}`, ...flags(folder)];
    },
  });
  const receiver = new AuditReceiver(harness.folder);
  before(async () => {
    await receiver.start();
    await harness.start(1);
  });
  after(() => {
    harness.stop();
    receiver.stop();
  });
  const counter = async (name: string) => {
    const { text } = await Caller.admin(harness).ask("/metrics");
    return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
  };
  return { harness, receiver, counter };
}

const skip = Harness.kubectls().length === 0 && "no kubectl here";

describe("audit events to a webhook, in batches", { skip }, () => {
  const { harness, receiver, counter } = setup(() => [
    "--audit-webhook-initial-backoff=100ms",
    "--audit-webhook-batch-max-size=5",
    "--audit-webhook-batch-max-wait=200ms",
    "--audit-webhook-batch-buffer-size=20",
    "--audit-webhook-batch-throttle-enable=false",
  ]);
  let admin: Caller;
  before(() => {
    admin = Caller.admin(harness);
  });
  const eventsOf = (name: string) => receiver.events.filter(({ objectRef }) => objectRef?.name === name);
  const eventOf = async (name: string) => {
    await eventually(`an event of ${name}`, () => eventsOf(name).length > 0);
    return eventsOf(name)[0];
  };

  test("levels, stages and managed fields are as the policy says; the receiver knows who posts", async () => {
    await admin.post(PATH, configMap("made"));
    await admin.post("/api/v1/namespaces/default/secrets", { metadata: { name: "hidden" }, stringData: { a: "1" } });
    await admin.merge(`${PATH}/made`, { data: { a: "2" } });
    const made = await eventOf("made");
    assert.deepEqual([made.stage, made.verb, made.requestObject.data], ["ResponseComplete", "create", { a: "1" }]);
    assert.ok(made.responseObject.metadata.uid);
    assert.equal(made.responseObject.metadata.managedFields, undefined);
    const hidden = await eventOf("hidden");
    assert.deepEqual([hidden.level, hidden.requestObject, hidden.responseObject], ["Metadata", undefined, undefined]);
    await eventually("the patch's event", () => eventsOf("made").length === 2);
    const [, patched] = eventsOf("made");
    assert.deepEqual([patched.requestObject, patched.responseObject.metadata.managedFields.length > 0], [{ data: { a: "2" } }, true]);
    assert.deepEqual([...receiver.clients], ["kube-apiserver-audit"]);
    assert.ok(receiver.events.every(({ stage }) => stage === "ResponseComplete"));
  });

  test("bodies in protobuf and YAML are shown as JSON", async () => {
    const kubectl = Harness.kubectls().at(-1)!;
    const made = await harness.kubectl(kubectl, ["create", "deployment", "web", "--image=x"]);
    assert.equal(made.code, 0, made.stderr);
    assert.equal((await eventOf("web")).requestObject.spec.template.spec.containers[0].image, "x");
    const body = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: applied}\ndata: {b: two}\n";
    await admin.ask(`${PATH}/applied?fieldManager=t`, {
      method: "PATCH",
      body,
      headers: { "content-type": "application/apply-patch+yaml" },
    });
    assert.deepEqual((await eventOf("applied")).requestObject.data, { b: "two" });
  });

  test("a proxied request's body reaches the other server, whatever is recorded", async () => {
    const server = createServer((request, response) => request.pipe(response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const pods = "/api/v1/namespaces/default/pods";
      await admin.post("/api/v1/namespaces/default/serviceaccounts", { metadata: { name: "default" } });
      const { port } = server.address() as AddressInfo;
      await admin.post(pods, { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "x" }] } });
      await admin.merge(`${pods}/p/status`, { status: { podIP: "127.0.0.1", podIPs: [{ ip: "127.0.0.1" }] } });
      const answer = await admin.ask(`${pods}/p:${port}/proxy/x`, { method: "POST", body: "hello" });
      assert.deepEqual([answer.status, answer.text], [200, "hello"]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test("a post that is refused is repeated", async () => {
    receiver.refuse = 2;
    await admin.post(PATH, configMap("again"));
    assert.equal((await eventOf("again")).verb, "create");
    assert.equal(receiver.refusals, 2);
    assert.equal(eventsOf("again").length, 1);
  });

  test("while the receiver is away requests go on, a bounded number of events waits, the rest is counted as lost", async () => {
    const { length: known } = receiver.events;
    await receiver.away();
    const lost = 'apiserver_audit_error_total\\{plugin="(?:buffered|webhook)"\\}';
    for (let i = 0; i < 150; i++) assert.equal((await admin.post(`${PATH}?dryRun=All`, configMap(`away-${i}`))).status, 201);
    await eventually("losses are counted", async () => (await counter(lost)) > 0);
    assert.equal(receiver.events.length, known);
    await receiver.back();
    await eventually("events come again", async () => {
      await admin.post(`${PATH}?dryRun=All`, configMap("back"));
      return receiver.events.some(({ objectRef, requestObject }) => (objectRef?.name ?? requestObject?.metadata?.name) === "back");
    });
    assert.ok(receiver.batches.every((size) => size <= 5));
    assert.ok((await counter("apiserver_audit_event_total")) >= 150);
  });

  test("a server that stops sends what is left", async () => {
    await Promise.all([1, 2, 3].map((i) => admin.post(PATH, configMap(`last-${i}`))));
    await harness.kill(0, "SIGTERM");
    for (const i of [1, 2, 3]) assert.equal(eventsOf(`last-${i}`).length, 1, `last-${i}`);
  });
});

describe("audit events to a webhook and a file, each before its answer", { skip }, () => {
  const { harness, receiver, counter } = setup((folder) => [
    "--audit-webhook-mode=blocking-strict",
    "--audit-webhook-initial-backoff=1ms",
    "--audit-webhook-truncate-enabled=true",
    "--audit-webhook-truncate-max-event-size=5000",
    `--audit-log-path=${join(folder, "logs", "audit.log")}`,
    "--audit-log-maxsize=1",
    "--audit-log-maxbackup=2",
  ]);
  const logs = () => join(harness.folder, "logs");

  test("the event is there when the answer is", async () => {
    const admin = Caller.admin(harness);
    for (let i = 0; i < 5; i++) {
      await admin.post(PATH, configMap(`m-${i}`));
      assert.equal(receiver.events.at(-1).objectRef.name, `m-${i}`);
    }
    assert.ok(receiver.batches.every((size) => size === 1));
    await admin.post(PATH, configMap("long", { text: "x".repeat(10_000) }));
    const { annotations, requestObject } = receiver.events.at(-1);
    assert.deepEqual([annotations["audit.k8s.io/truncated"], requestObject], ["true", undefined]);
    assert.equal(await counter('apiserver_audit_level_total\\{level="RequestResponse"\\}'), 6);
  });

  test("the log file is turned over by size, and only so many stay", async () => {
    const admin = Caller.admin(harness);
    const text = "x".repeat(400_000);
    for (let i = 0; i < 10; i++) assert.equal((await admin.post(`${PATH}?dryRun=All`, configMap(`big-${i}`, { text }))).status, 201);
    const names = readdirSync(logs()).sort();
    assert.equal(names.length, 3, names.join());
    const lines = readFileSync(join(logs(), "audit.log"), "utf8").trim().split("\n");
    assert.equal(JSON.parse(lines.at(-1)!).requestObject.metadata.name, "big-9");
  });

  test("in strict mode nothing happens unrecorded", async () => {
    const admin = Caller.admin(harness);
    await admin.post("/api/v1/namespaces", { metadata: { name: "strict" } });
    await receiver.away();
    const refused = await admin.post("/api/v1/namespaces/strict/configmaps", configMap("never"));
    assert.deepEqual([refused.status, refused.json.message], [500, "Internal error occurred: failed to store audit event"]);
    assert.equal(await counter("apiserver_audit_requests_rejected_total"), 1);
    await receiver.back();
    assert.equal((await admin.ask("/api/v1/namespaces/strict/configmaps/never")).status, 404);
    assert.deepEqual(
      receiver.events.slice(-2).map(({ stage }) => stage),
      ["RequestReceived", "ResponseComplete"],
    );
  });
});
