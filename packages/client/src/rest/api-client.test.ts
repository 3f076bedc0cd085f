import assert from "node:assert/strict";
import { test } from "node:test";
import { apiError, type Deployment, Deployments, Nodes, Pods } from "@flotilla/api";
import { FakeClock } from "@flotilla/testing";
import { createRestClient } from "./api-client.ts";
import type { HttpRequest } from "./http-port.ts";
import { lines } from "./lines.ts";

/** A client whose server answers each request with `answer`; it remembers what was asked. */
function setup(answer: (request: HttpRequest) => { status?: number; body: string[] }) {
  const asked: string[] = [];
  const bodies: any[] = [];
  const http = {
    request: async (request: HttpRequest) => {
      asked.push(`${request.method} ${request.path} ${request.headers["content-type"] ?? ""}`.trim());
      if (request.body) bodies.push(JSON.parse(Buffer.from(request.body).toString()));
      const { status = 200, body } = answer(request);
      return { status, headers: {}, body: chunks(body) };
    },
    close() {},
  };
  const config = {
    server: "https://x",
    grpcServers: [],
    tls: {},
    credentials: { kind: "token" as const, token: "t" },
    userAgent: "tester/1",
  };
  return { client: createRestClient({ clock: new FakeClock(), readFile: () => "", http }, config), asked, bodies };
}

async function* chunks(parts: string[]) {
  for (const part of parts) yield Buffer.from(part);
}

test("each call is the REST API's own request", async () => {
  const { client, asked, bodies } = setup(() => ({
    body: ['{"metadata":{"resourceVersion":"3"},', '"items":[{"metadata":{"name":"a"}}]}'],
  }));
  const list = await client.list(Pods, { namespace: "ns", labelSelector: "a=b,c!=d", limit: 5 });
  assert.deepEqual([list.resourceVersion, list.items[0]!.kind], ["3", "Pod"]);
  await client.get(Nodes, "n1", { namespace: "ignored" });
  await client.create(Deployments, { metadata: { name: "d", namespace: "ns" } } as Deployment);
  await client.updateStatus(Deployments, { metadata: { name: "d", namespace: "ns" } } as Deployment);
  await client.patch(Pods, "p", { type: "apply", body: {} }, { namespace: "ns", fieldManager: "me", force: true });
  await client.createSubresource(Pods, "p", "binding", {}, { namespace: "ns" });
  await client.delete(Pods, "p", { namespace: "ns", gracePeriodSeconds: 0, preconditions: { uid: "u" } });
  assert.deepEqual(asked, [
    "GET /api/v1/namespaces/ns/pods?labelSelector=a%3Db%2Cc%21%3Dd&limit=5",
    "GET /api/v1/nodes/n1",
    "POST /apis/apps/v1/namespaces/ns/deployments?fieldManager=tester application/json",
    "PUT /apis/apps/v1/namespaces/ns/deployments/d/status?fieldManager=tester application/json",
    "PATCH /api/v1/namespaces/ns/pods/p?fieldManager=me&force=true application/apply-patch+yaml",
    "POST /api/v1/namespaces/ns/pods/p/binding?fieldManager=tester application/json",
    "DELETE /api/v1/namespaces/ns/pods/p application/json",
  ]);
  assert.deepEqual([bodies[0].kind, bodies[0].apiVersion], ["Deployment", "apps/v1"]);
  assert.deepEqual(bodies.at(-1), { apiVersion: "v1", kind: "DeleteOptions", gracePeriodSeconds: 0, preconditions: { uid: "u" } });
});

test("failures: a Status, a proxy's page, no answer", async () => {
  const reason = (answer: () => { status?: number; body: string[] }) =>
    setup(answer)
      .client.get(Pods, "p")
      .then(
        () => "ok",
        (e) => `${e.reason}: ${e.message}`,
      );
  const status = JSON.stringify(apiError("NotFound", 'pods "p" not found').status);
  assert.equal(await reason(() => ({ status: 404, body: [status] })), 'NotFound: pods "p" not found');
  assert.equal(await reason(() => ({ status: 503, body: ["<html>"] })), "ServiceUnavailable: <html>");
  const down = () => {
    throw new Error("ECONNREFUSED");
  };
  assert.equal(await reason(down), "ServiceUnavailable: ECONNREFUSED");
});

test("a watch reads lines whatever the chunks; its ERROR is thrown", async () => {
  const event = (type: string, object: object) => JSON.stringify({ type, object });
  const text = [
    event("ADDED", { metadata: { name: "ä" } }),
    event("BOOKMARK", { metadata: { resourceVersion: "9" } }),
    event("ERROR", apiError("Expired", "old").status),
  ].join("\n");
  const bytes = Buffer.from(`${text}\n`);
  const parts = [bytes.subarray(0, 40), bytes.subarray(40, 41), bytes.subarray(41)];
  async function* stream() {
    yield* parts;
  }
  const read: string[] = [];
  for await (const line of lines(stream())) read.push(line.toString());
  assert.equal(read.join("\n"), text);
  const { client } = setup(() => ({ body: [text] }));
  const types: string[] = [];
  const watching = (async () => {
    for await (const e of client.watch(Pods, { resourceVersion: "1" })) types.push(e.type);
  })();
  await assert.rejects(watching, (e: any) => e.reason === "Expired");
  assert.deepEqual(types, ["ADDED", "BOOKMARK"]);
});
