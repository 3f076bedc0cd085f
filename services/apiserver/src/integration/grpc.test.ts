// flotilla.api.v1, by which our own components talk, and REST, by which everybody else does: one
// script of calls is played through the same client by both, and has to come out the same.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ConfigMaps, Deployments, isApiError, Pods } from "@flotilla/api";
import { silentLogger } from "@flotilla/base";
import { type ApiClient, createClient } from "@flotilla/client";
import { systemClock, systemRandom } from "@flotilla/process";
import { Harness } from "./harness.ts";

const TRANSPORTS = ["REST", "gRPC"] as const;
type Transport = (typeof TRANSPORTS)[number];

const configMap = (name: string, data: Record<string, string>, labels: Record<string, string> = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default", labels },
  data,
});
const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "default" },
  spec: {
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "one" }] } },
  },
};
const here = { namespace: "default" };

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** Without what every write makes anew. */
function stable(value: unknown): unknown {
  if (value === undefined) return undefined;
  const text = JSON.stringify(value, (key, inner) => {
    if (["uid", "resourceVersion", "creationTimestamp", "time"].includes(key)) return `(${key})`;
    if (key === "metadata" && inner?.managedFields) return { ...inner, managedFields: inner.managedFields.length };
    return inner;
  });
  return JSON.parse(text.replaceAll(UUID, "(uid)"));
}

/** Each step's answer, or the Status that it failed with. */
const STEPS: [string, (client: ApiClient) => Promise<unknown>][] = [
  ["create", (c) => c.create(ConfigMaps, configMap("a", { one: "1" }, { app: "x" }))],
  ["create again", (c) => c.create(ConfigMaps, configMap("a", {}))],
  ["create what is invalid", (c) => c.create(ConfigMaps, configMap("Bad_Name", {}))],
  ["get", (c) => c.get(ConfigMaps, "a", here)],
  ["get what is not there", (c) => c.get(ConfigMaps, "none", here)],
  ["merge patch", (c) => c.patch(ConfigMaps, "a", { type: "merge", body: { data: { two: "2", one: null } } }, here)],
  ["JSON patch", (c) => c.patch(ConfigMaps, "a", { type: "json", body: [{ op: "add", path: "/data/three", value: "3" }] }, here)],
  ["a JSON patch that does not fit", (c) => c.patch(ConfigMaps, "a", { type: "json", body: [{ op: "remove", path: "/data/x" }] }, here)],
  ["create a deployment", (c) => c.create(Deployments, deployment as never)],
  [
    "strategic merge patch",
    (c) =>
      c.patch(
        Deployments,
        "web",
        { type: "strategic", body: { spec: { template: { spec: { containers: [{ name: "d", image: "two" }] } } } } },
        here,
      ),
  ],
  ["apply", (c) => c.patch(ConfigMaps, "s", { type: "apply", body: configMap("s", { k: "v" }) }, { ...here, fieldManager: "m1" })],
  [
    "apply in conflict",
    (c) => c.patch(ConfigMaps, "s", { type: "apply", body: configMap("s", { k: "w" }) }, { ...here, fieldManager: "m2" }),
  ],
  [
    "apply by force",
    (c) => c.patch(ConfigMaps, "s", { type: "apply", body: configMap("s", { k: "w" }) }, { ...here, fieldManager: "m2", force: true }),
  ],
  ["force where nothing is applied", (c) => c.patch(ConfigMaps, "s", { type: "merge", body: {} }, { ...here, force: true })],
  [
    "update of an old version",
    (c) => c.update(ConfigMaps, { ...configMap("a", {}), metadata: { name: "a", namespace: "default", resourceVersion: "1" } }),
  ],
  [
    "status",
    async (c) => {
      const live = await c.get(Deployments, "web", here);
      return c.updateStatus(Deployments, { ...live, status: { ...live.status, replicas: 3 } } as never);
    },
  ],
  ["list by label", async (c) => (await c.list(ConfigMaps, { ...here, labelSelector: "app=x" })).items],
  ["list by field", async (c) => (await c.list(ConfigMaps, { ...here, fieldSelector: "metadata.name=s" })).items],
  ["a selector that is none", (c) => c.list(ConfigMaps, { ...here, labelSelector: "a in" })],
  ["a page", async (c) => Boolean((await c.list(ConfigMaps, { ...here, limit: 1 })).continue)],
  ["watch", (c) => watched(c)],
  ["bind a pod that is not there", (c) => c.createSubresource(Pods, "none", "binding", { target: { kind: "Node", name: "n" } }, here)],
  ["delete with another uid", (c) => c.delete(ConfigMaps, "a", { ...here, preconditions: { uid: "x" } })],
  ["delete", (c) => c.delete(ConfigMaps, "a", here)],
  ["delete what is gone", (c) => c.delete(ConfigMaps, "a", here)],
  ["delete all", (c) => c.deleteCollection(ConfigMaps, here)],
  ["what is left", async (c) => (await c.list(ConfigMaps, here)).items.length],
  ["delete the deployment", (c) => c.delete(Deployments, "web", { ...here, propagationPolicy: "Background" })],
];

async function watched(client: ApiClient): Promise<unknown> {
  const { resourceVersion } = await client.list(ConfigMaps, here);
  const stop = new AbortController();
  await client.create(ConfigMaps, configMap("w", { a: "b" }));
  await client.patch(ConfigMaps, "w", { type: "merge", body: { data: { a: "c" } } }, here);
  await client.delete(ConfigMaps, "w", here);
  const events: unknown[] = [];
  for await (const event of client.watch(ConfigMaps, { ...here, resourceVersion, signal: stop.signal })) {
    events.push(event);
    if (event.type === "DELETED") break;
  }
  stop.abort();
  return events;
}

async function play(client: ApiClient): Promise<[string, unknown][]> {
  const answers: [string, unknown][] = [];
  for (const [what, step] of STEPS) {
    const answer = await step(client).then(stable, (error) => {
      if (!isApiError(error)) throw new Error(`${what}: ${error.stack}`);
      const { code, reason, message, details } = error.status;
      return stable({ code, reason, message, details });
    });
    answers.push([what, answer]);
  }
  return answers;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe("one API, two transports", () => {
  let port: number;
  let harness: Harness;
  const clients = new Map<Transport, ApiClient>();
  before(async () => {
    port = await freePort();
    harness = new Harness({ flags: () => [`--grpc-port=${port}`] });
    await harness.start(1);
    const file = (name: string) => readFileSync(join(harness.folder, name), "utf8");
    const ports = { clock: systemClock, random: systemRandom, log: silentLogger, readFile: file };
    const tls = { ca: file("ca.crt"), cert: file("admin.crt"), key: file("admin.key") };
    for (const transport of TRANSPORTS) {
      const grpcServers = transport === "gRPC" ? [`127.0.0.1:${port}`] : [];
      const server = `https://127.0.0.1:${harness.port(0)}`;
      clients.set(transport, createClient(ports, { server, grpcServers, tls, credentials: { kind: "none" }, userAgent: "script" }));
    }
  });
  after(() => {
    for (const client of clients.values()) client.close();
    harness.stop();
  });

  test("REST and gRPC answer a script of calls alike, failures included", async () => {
    const rest = await play(clients.get("REST")!);
    const grpc = await play(clients.get("gRPC")!);
    for (const [i, [what, answer]] of rest.entries()) assert.deepEqual(grpc[i]![1], answer, what);
    const failed = rest.filter(([, answer]) => (answer as { reason?: string })?.reason).map(([what]) => what);
    assert.deepEqual(failed, [
      "create again",
      "create what is invalid",
      "get what is not there",
      "a JSON patch that does not fit",
      "apply in conflict",
      "force where nothing is applied",
      "update of an old version",
      "a selector that is none",
      "bind a pod that is not there",
      "delete with another uid",
      "delete what is gone",
    ]);
  });
});
