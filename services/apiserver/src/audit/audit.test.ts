import assert from "node:assert/strict";
import { test } from "node:test";
import { apiError, createBuiltinRegistry } from "@flotilla/api";
import { FakeClock } from "@flotilla/testing";
import { Registry } from "prom-client";
import type { Call, Reply } from "../request/call.ts";
import { parseRequestInfo } from "../request/request-info.ts";
import { Audit } from "./audit.ts";
import type { AuditBackend } from "./backend.ts";
import type { AuditEvent } from "./event.ts";
import { AuditMetrics } from "./metrics.ts";
import { parseAuditPolicy } from "./policy.ts";

const policyOf = (rules: object[], more: object = {}) =>
  parseAuditPolicy(JSON.stringify({ apiVersion: "audit.k8s.io/v1", kind: "Policy", rules, ...more }));

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

const portsOf = () => ({ clock: new FakeClock(), metrics: new AuditMetrics(new Registry()), definitions: createBuiltinRegistry() });

async function eventsOf(
  rules: object[],
  call: Call,
  serve: Reply | Error | ((call: Call) => Promise<Reply>),
  more: object = {},
): Promise<AuditEvent[]> {
  const events: AuditEvent[] = [];
  const backend: AuditBackend = { record: async (event) => events.push(event) > 0, close: () => Promise.resolve() };
  const audit = new Audit(portsOf(), policyOf(rules, more), [backend]);
  const next = typeof serve === "function" ? serve : () => (serve instanceof Error ? Promise.reject(serve) : Promise.resolve(serve));
  await audit.run(call, next).catch(() => {});
  return events;
}

const POD = { metadata: { name: "x", uid: "u1", managedFields: [{}] } };
const MADE = { type: "object", code: 201, definition: undefined, object: POD } as unknown as Reply;

test("a level says how much, omitStages when", async () => {
  const call = () => callOf("POST", "/api/v1/namespaces/a/pods", "jane", ["dev"], '{"kind":"Pod"}');
  const making = async (call: Call) => {
    await call.body();
    return MADE;
  };
  const all = await eventsOf([{ level: "RequestResponse" }], call(), making);
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

test("a body is shown only when the request itself has read it", async () => {
  const level = [{ level: "Request", omitStages: ["RequestReceived"] }];
  const untouched = { ...callOf("POST", "/api/v1/namespaces/a/services/s/proxy/x"), body: () => assert.fail("nobody asked for it") };
  const proxied = { type: "proxy", serve: async () => {}, upgrade: async () => {} } as Reply;
  assert.deepEqual(
    (await eventsOf(level, untouched, proxied)).map(({ stage, requestObject }) => [stage, requestObject]),
    [["ResponseStarted", undefined]],
  );
  const never = { ...callOf("POST", "/api/v1/namespaces/a/pods"), body: () => new Promise<Uint8Array>(() => {}) };
  assert.equal((await eventsOf(level, never, apiError("Forbidden", "no")))[0]!.responseStatus !== undefined, true);
});

test("a client that has gone before its long answer began still gets its last event", async () => {
  const gone = AbortSignal.abort();
  const watch = { type: "watch" } as Reply;
  const events = await eventsOf([{ level: "Metadata" }], { ...callOf("GET", "/api/v1/pods?watch=1"), signal: gone }, watch);
  assert.deepEqual(
    events.map(({ stage }) => stage),
    ["RequestReceived", "ResponseStarted", "ResponseComplete"],
  );
});

test("a strict backend that loses its event lets no request through", async () => {
  const backend: AuditBackend = { record: async () => false, close: () => Promise.resolve() };
  const ports = portsOf();
  const audit = new Audit(ports, policyOf([{ level: "Metadata" }]), [backend]);
  await assert.rejects(
    audit.run(callOf("GET", "/api/v1/pods"), () => assert.fail("it must not run")),
    { message: "Internal error occurred: failed to store audit event" },
  );
});
