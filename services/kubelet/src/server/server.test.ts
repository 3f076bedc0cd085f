import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { dirname } from "node:path";
import { after, before, test } from "node:test";
import { Nodes, Pods } from "@flotilla/api";
import { seededRandom } from "@flotilla/base";
import { createAuthority, issue } from "@flotilla/pki";
import { grpcToApiStatus } from "@flotilla/rpc";
import { type ExecOutput, NodeClient } from "@flotilla/rpc/gen/flotilla/node/v1/node.ts";
import { credentials, type ServiceError } from "@grpc/grpc-js";
import { type WebSocket, WebSocketServer } from "ws";
import { eventually, makePod, NODE, startHarness } from "../testing/harness.ts";

const env = { now_ms: Date.now(), random: seededRandom(3) };
const authority = createAuthority("kubernetes", env);
const serving = issue(authority, { subject: { commonName: NODE }, altNames: ["localhost"], usages: ["server"] }, env);

let h: Awaited<ReturnType<typeof startHarness>>;
let streams: WebSocketServer;
let serve: (socket: WebSocket) => void;
const clients: NodeClient[] = [];

function connect(commonName: string, organizations: string[]): NodeClient {
  const { cert, key } = issue(authority, { subject: { commonName, organizations }, usages: ["client"] }, env);
  const creds = credentials.createSsl(Buffer.from(authority.cert), Buffer.from(key), Buffer.from(cert));
  const client = new NodeClient(`localhost:${h.kubelet.port}`, creds);
  clients.push(client);
  return client;
}

before(async () => {
  const tls = { ...serving, clientCA: authority.cert };
  h = await startHarness({ config: { server: { address: "127.0.0.1", port: 0, healthzAddress: "127.0.0.1", healthzPort: 0, tls } } });
  await eventually("the node", () => h.node());
  await h.api.patch(Nodes, NODE, { type: "merge", body: { spec: { podCIDR: "10.244.3.0/24" } } });
  await h.api.create(Pods, makePod("web"));
  await eventually("Running", () => h.pod("web")?.status?.phase === "Running");
  streams = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: (offered) => [...offered][0]! });
  await once(streams, "listening");
  streams.on("connection", (socket) => serve(socket));
  h.runtime.streamUrl = `http://127.0.0.1:${(streams.address() as AddressInfo).port}/exec/token`;
});
after(async () => {
  for (const client of clients) client.close();
  streams.close();
  await h.stop();
});

const LOGS = { namespace: "default", pod: "web", container: "app", follow: false, previous: false, timestamps: false };
const UNSET = { sinceSeconds: 0, sinceTime: "", tailLines: -1, limitBytes: 0 };

async function logs(client: NodeClient, request: Partial<typeof LOGS> = {}): Promise<string> {
  let text = "";
  for await (const { data } of client.logs({ ...LOGS, ...UNSET, ...request })) text += data;
  return text;
}

test("the API server and administrators may ask; another node may not", async () => {
  const { logPath } = await h.runtime.containerStatus(h.runtime.byName("app")!.id);
  mkdirSync(dirname(logPath), { recursive: true });
  writeFileSync(logPath, "2025-01-01T00:00:00Z stdout F hello\n");
  assert.equal(await logs(connect("kube-apiserver-kubelet-client", ["kubeadm:cluster-admins"])), "hello\n");
  assert.equal(await logs(connect("admin", ["system:masters"])), "hello\n");
  await assert.rejects(logs(connect("system:node:n2", ["system:nodes"])), (error: ServiceError) => grpcToApiStatus(error)?.code === 403);
});

test("what is not here is a Status of its own", async () => {
  const client = connect("admin", ["system:masters"]);
  await assert.rejects(logs(client, { pod: "nope" }), (error: ServiceError) => grpcToApiStatus(error)?.code === 404);
  const invalid = (error: ServiceError) => grpcToApiStatus(error)?.message === "container nope is not valid for pod web";
  await assert.rejects(logs(client, { container: "nope" }), invalid);
});

function exec(client: NodeClient, stdin: string): Promise<string> {
  const call = client.exec();
  const start = {
    namespace: "default",
    pod: "web",
    container: "app",
    command: ["cat"],
    stdin: true,
    stdout: true,
    stderr: true,
    tty: false,
  };
  call.write({ input: { $case: "start", value: start } });
  call.write({ input: { $case: "stdin", value: Buffer.from(stdin) } });
  call.write({ input: { $case: "resize", value: { width: 80, height: 24 } } });
  call.end();
  let text = "";
  return new Promise((resolve, reject) => {
    call.on("data", ({ output }: ExecOutput) => {
      text += `${output!.$case}=${output!.value} `;
    });
    call.on("end", () => resolve(text.trim()));
    call.on("error", reject);
  });
}

test("exec pumps input, output, sizes and the end of input, and the status comes last", async () => {
  serve = (socket) => {
    let input = "";
    socket.on("message", (raw: Buffer) => {
      const [channel, body] = [raw[0]!, raw.subarray(1)];
      if (channel === 0) input += body;
      if (channel === 4) input += ` ${body}`;
      if (channel !== 255) return;
      for (const [to, text] of [
        [1, input],
        [2, "warning"],
        [3, '{"status":"Success"}'],
      ] as const) {
        socket.send(Buffer.concat([Buffer.of(to), Buffer.from(text)]));
      }
      socket.close();
    });
  };
  const text = await exec(connect("admin", ["system:masters"]), "abc");
  assert.equal(text, 'stdout=abc {"Width":80,"Height":24} stderr=warning status={"status":"Success"}');
});

test("a runtime that hangs up in the middle is told as a failure", async () => {
  serve = (socket) => socket.terminate();
  assert.match(await exec(connect("admin", ["system:masters"]), ""), /^status=.*"reason":"InternalError"/);
});

test("port-forward carries bytes both ways until the far end closes", async () => {
  serve = (socket) => {
    for (const channel of [0, 1]) socket.send(Buffer.of(channel, 80, 0));
    socket.on("message", (raw: Buffer) => {
      if (raw[0] !== 0) return;
      socket.send(Buffer.concat([Buffer.of(0), Buffer.from(raw.subarray(1).toString().toUpperCase())]));
      socket.close();
    });
  };
  const call = connect("admin", ["system:masters"]).portForward();
  call.write({ namespace: "default", pod: "web", port: 80, data: Buffer.from("hello") });
  let text = "";
  for await (const { data } of call) text += data;
  assert.equal(text, "HELLO");
});
