import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { apiError } from "@flotilla/api";
import { FakeClock } from "@flotilla/testing";
import type { Call, Reply } from "../request/call.ts";
import { parseRequestInfo } from "../request/request-info.ts";
import { Audit, type AuditBackend } from "./audit.ts";
import type { AuditEvent } from "./event.ts";
import { LogFile } from "./log-file.ts";
import { parseAuditPolicy } from "./policy.ts";

const policyOf = (rules: object[], more: object = {}) =>
  parseAuditPolicy(JSON.stringify({ apiVersion: "audit.k8s.io/v1", kind: "Policy", rules, ...more }));
const LOG = { debug() {}, info() {}, warn() {}, error() {}, with: () => LOG };

function callOf(method: string, target: string, user = "jane", groups: string[] = ["dev"], body = "{}"): Call {
  const { pathname, searchParams } = new URL(`https://x${target}`);
  return {
    info: parseRequestInfo(method, pathname, searchParams),
    query: searchParams,
    uri: target,
    auditId: "id-1",
    sourceIps: ["127.0.0.1"],
    userAgent: "test",
    credentials: {},
    annotations: {},
    now_ms: 1_000,
    user: { name: user, groups },
    body: () => Promise.resolve(Buffer.from(body)),
    signal: new AbortController().signal,
  } as unknown as Call;
}

test("the first rule that holds decides", () => {
  const policy = policyOf([
    { level: "None", users: ["system:kube-proxy"], verbs: ["watch"], resources: [{ group: "", resources: ["endpoints", "services"] }] },
    { level: "None", nonResourceURLs: ["/api*", "/version"] },
    { level: "Request", namespaces: ["kube-system"], resources: [{ group: "", resources: ["configmaps"], resourceNames: ["one"] }] },
    { level: "Metadata", resources: [{ group: "", resources: ["secrets", "configmaps"] }] },
    { level: "RequestResponse", resources: [{ group: "", resources: ["pods/*"] }, { group: "apps" }] },
    { level: "Metadata", userGroups: ["audited"] },
  ]);
  const table: [string, string, string][] = [
    ["system:kube-proxy", "/api/v1/services?watch=1", "None"],
    ["jane", "/api/v1/services?watch=1", "None"],
    ["jane", "/apis", "None"],
    ["jane", "/api/v1/namespaces/kube-system/configmaps/one", "Request"],
    ["jane", "/api/v1/namespaces/kube-system/configmaps/two", "Metadata"],
    ["jane", "/api/v1/namespaces/a/secrets", "Metadata"],
    ["jane", "/api/v1/namespaces/a/pods/x/log", "RequestResponse"],
    ["jane", "/api/v1/namespaces/a/pods/x", "None"],
    ["jane", "/apis/apps/v1/deployments", "RequestResponse"],
  ];
  for (const [user, target, level] of table) {
    const { info } = callOf("GET", target);
    assert.equal(policy.decide({ name: user, groups: [] }, info).level, level, `${user} ${target}`);
  }
  assert.equal(policy.decide({ name: "x", groups: ["audited"] }, callOf("GET", "/healthz").info).level, "Metadata");
});

test("a wrong policy names its field", () => {
  assert.throws(() => parseAuditPolicy("kind: Pod"), /no kind "Pod"/);
  assert.throws(() => policyOf([]), /0 rules/);
  assert.throws(() => policyOf([{ level: "All" }]), /rules\[0\]\.level: Unsupported value: "All"/);
  assert.throws(() => policyOf([{ level: "None", nonResourceURLs: ["/a"], namespaces: ["b"] }]), /both regular resources and non-resource/);
  assert.throws(() => policyOf([{ level: "None", omitStages: ["Never"] }]), /omitStages: Unsupported value/);
});

async function eventsOf(rules: object[], call: Call, reply: Reply | Error, more: object = {}): Promise<AuditEvent[]> {
  const events: AuditEvent[] = [];
  const backend: AuditBackend = { record: async (event) => void events.push(event), close: () => Promise.resolve() };
  const audit = new Audit(new FakeClock(), LOG, policyOf(rules, more), [backend]);
  await audit.run(call, () => (reply instanceof Error ? Promise.reject(reply) : Promise.resolve(reply))).catch(() => {});
  return events;
}

const POD = { metadata: { name: "x", uid: "u1", managedFields: [{}] } };
const MADE = { type: "object", code: 201, definition: undefined, object: POD } as unknown as Reply;

test("a level says how much, omitStages when", async () => {
  const call = () => callOf("POST", "/api/v1/namespaces/a/pods", "jane", ["dev"], '{"kind":"Pod"}');
  const all = await eventsOf([{ level: "RequestResponse" }], call(), MADE);
  assert.deepEqual(
    all.map(({ stage }) => stage),
    ["RequestReceived", "ResponseComplete"],
  );
  assert.deepEqual(all[1]!.requestObject, { kind: "Pod" });
  assert.deepEqual(all[1]!.responseObject, POD);
  assert.deepEqual(all[1]!.objectRef, { resource: "pods", namespace: "a", name: "x", uid: "u1", apiVersion: "v1" });
  const [metadata] = await eventsOf([{ level: "Metadata", omitStages: ["RequestReceived"] }], call(), MADE);
  assert.deepEqual([metadata!.stage, metadata!.requestObject, metadata!.responseObject], ["ResponseComplete", undefined, undefined]);
  const stripped = await eventsOf([{ level: "RequestResponse" }], call(), MADE, {
    omitManagedFields: true,
    omitStages: ["RequestReceived"],
  });
  assert.deepEqual(stripped[0]!.responseObject, { metadata: { name: "x", uid: "u1" } });
  const refused = await eventsOf([{ level: "Metadata", omitStages: ["RequestReceived"] }], call(), apiError("Forbidden", "no"));
  assert.deepEqual(refused[0]!.responseStatus, { metadata: {}, status: "Failure", message: "no", reason: "Forbidden", code: 403 });
});

test("a full file makes room, and only so many stay", async () => {
  const folder = mkdtempSync(join(tmpdir(), "audit-"));
  try {
    const clock = new FakeClock();
    const file = new LogFile(clock, { path: join(folder, "audit.log"), maxSize_bytes: 20, maxBackups: 2, maxAge_ms: 0 });
    for (let i = 0; i < 5; i++) {
      await file.write(`line ${i} ${"x".repeat(10)}\n`);
      clock.advance(1000);
    }
    await file.close();
    const names = readdirSync(folder).sort();
    assert.equal(names.length, 3, names.join());
    assert.match(readFileSync(join(folder, "audit.log"), "utf8"), /^line 4 x+\n$/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
