import assert from "node:assert/strict";
import dgram from "node:dgram";
import { once } from "node:events";
import net from "node:net";
import { type TestContext, test } from "node:test";
import { EndpointSlices, Namespaces, Services } from "@flotilla/api";
import { seededRandom, silentLogger } from "@flotilla/base";
import { createInformerFactory } from "@flotilla/client";
import { FakeApiClient } from "@flotilla/client/fake/index.ts";
import { systemClock } from "@flotilla/process";
import packet, { type DecodedPacket } from "dns-packet";
import { createDns } from "./assemble.ts";
import { clusterInformers } from "./cluster-facts.ts";
import { createMetrics } from "./metrics.ts";
import { listen } from "./server.ts";
import { createExchange } from "./upstream.ts";

type Reply = DecodedPacket & { rcode: string; flag_tc: boolean; flag_aa: boolean };

/** A whole server on loopback, its cluster an API server in memory. */
async function setUp(t: TestContext, upstreams: string[] = []) {
  const api = new FakeApiClient(systemClock);
  api.seed(Namespaces, { metadata: { name: "default" } });
  api.seed(Services, {
    metadata: { namespace: "default", name: "web" },
    spec: { clusterIP: "10.96.0.7", clusterIPs: ["10.96.0.7"], ports: [{ port: 80 }] },
  });
  api.seed(Services, { metadata: { namespace: "default", name: "many" }, spec: { clusterIP: "None", ports: [{ port: 80 }] } });
  api.seed(EndpointSlices, {
    metadata: { namespace: "default", name: "many-x", labels: { "kubernetes.io/service-name": "many" } },
    addressType: "IPv4",
    ports: [{ name: "", port: 80, protocol: "TCP" }],
    endpoints: Array.from({ length: 60 }, (_, i) => ({ addresses: [`10.244.1.${i + 1}`] })),
  });
  api.seed(Services, { metadata: { namespace: "default", name: "away" }, spec: { type: "ExternalName", externalName: "far.example" } });
  const ports = { clock: systemClock, random: seededRandom(1), log: silentLogger };
  const factory = createInformerFactory({ ...ports, client: api });
  const informers = clusterInformers(factory);
  const dns = createDns(
    { ...ports, informers, exchange: createExchange(systemClock), metrics: createMetrics() },
    { domain: "cluster.local", ttl_seconds: 30, upstreams },
  );
  const stop = new AbortController();
  factory.start(stop.signal);
  await dns.synced();
  const server = await listen(dns.handle, "127.0.0.1", 0, ports);
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= server.close());
  t.after(() => {
    stop.abort();
    return close();
  });
  return { api, port: server.port, server: { close } };
}

async function ask(port: number, type: packet.RecordType, name: string, size_bytes?: number): Promise<Reply> {
  const socket = dgram.createSocket("udp4");
  const opt = { type: "OPT", name: ".", udpPayloadSize: size_bytes, flags: 0, options: [] } as unknown as packet.Answer;
  const query = packet.encode({
    type: "query",
    id: 7,
    flags: packet.RECURSION_DESIRED,
    questions: [{ type, name }],
    additionals: size_bytes ? [opt] : [],
  });
  socket.send(query, port, "127.0.0.1");
  const [reply] = await once(socket, "message");
  socket.close();
  assert.equal(reply.length <= (size_bytes ?? 512), true, `reply of ${reply.length} bytes`);
  return packet.decode(reply) as Reply;
}

async function askTcp(port: number, type: packet.RecordType, name: string): Promise<Reply> {
  const socket = net.connect(port, "127.0.0.1");
  socket.write(packet.streamEncode({ type: "query", id: 7, questions: [{ type, name }] }));
  let got = Buffer.alloc(0);
  for await (const chunk of socket) {
    got = Buffer.concat([got, chunk]);
    if (got.length >= got.readUInt16BE(0) + 2) break;
  }
  return packet.streamDecode(got) as Reply;
}

const addresses = (reply: Reply) => (reply.answers ?? []).flatMap((a) => (a.type === "A" ? [a.data] : []));

test("a service resolves, and follows changes", async (t) => {
  const { api, port } = await setUp(t);
  const reply = await ask(port, "A", "web.default.svc.cluster.local");
  assert.deepEqual([reply.rcode, reply.flag_aa, addresses(reply)], ["NOERROR", true, ["10.96.0.7"]]);
  assert.equal((await ask(port, "A", "new.default.svc.cluster.local")).rcode, "NXDOMAIN");
  await api.create(Services, { metadata: { namespace: "default", name: "new" }, spec: { clusterIP: "10.96.0.8", ports: [{ port: 1 }] } });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(addresses(await ask(port, "A", "new.default.svc.cluster.local")), ["10.96.0.8"]);
});

test("an answer too long for a datagram is cut, and whole over TCP", async (t) => {
  const { port } = await setUp(t);
  const cut = await ask(port, "A", "many.default.svc.cluster.local");
  assert.equal(cut.flag_tc, true);
  assert.ok(addresses(cut).length > 0 && addresses(cut).length < 60);
  const whole = await ask(port, "A", "many.default.svc.cluster.local", 4096);
  assert.deepEqual([whole.flag_tc, addresses(whole).length], [false, 60]);
  assert.equal(addresses(await askTcp(port, "A", "many.default.svc.cluster.local")).length, 60);
});

test("foreign names go upstream past a dead server, are remembered, and complete ExternalNames", async (t) => {
  const asked: string[] = [];
  const upstream = dgram.createSocket("udp4");
  upstream.on("message", (data, from) => {
    const query = packet.decode(data);
    const [question] = query.questions!;
    asked.push(question!.name);
    const answers = [{ type: "A" as const, name: question!.name, ttl: 60, data: "192.0.2.1" }];
    upstream.send(packet.encode({ type: "response", id: query.id, questions: query.questions, answers }), from.port, from.address);
  });
  upstream.bind(0, "127.0.0.1");
  await once(upstream, "listening");
  t.after(() => upstream.close());
  const dead = dgram.createSocket("udp4").bind(0, "127.0.0.1");
  await once(dead, "listening");
  const deadPort = dead.address().port;
  dead.close();
  const { port } = await setUp(t, [`127.0.0.1:${deadPort}`, `127.0.0.1:${upstream.address().port}`]);
  assert.deepEqual(addresses(await ask(port, "A", "www.example")), ["192.0.2.1"]);
  assert.deepEqual(addresses(await ask(port, "A", "www.example")), ["192.0.2.1"]);
  assert.deepEqual(asked, ["www.example"]);
  const away = await ask(port, "A", "away.default.svc.cluster.local");
  assert.deepEqual(
    away.answers!.map((a) => `${a.type} ${(a as { data: string }).data}`),
    ["CNAME far.example", "A 192.0.2.1"],
  );
});

test("no upstream: SERVFAIL; rubbish: FORMERR or silence", async (t) => {
  const { port } = await setUp(t);
  assert.equal((await ask(port, "A", "www.example")).rcode, "SERVFAIL");
  const socket = dgram.createSocket("udp4");
  t.after(() => socket.close());
  socket.send(Buffer.from([1, 2, 3]), port, "127.0.0.1");
  socket.send(Buffer.from("12340100ffff000000000000", "hex"), port, "127.0.0.1");
  const [reply] = await once(socket, "message");
  assert.deepEqual([reply.readUInt16BE(0), reply[3] & 15], [0x1234, 1]);
});

test("closing does not wait for idle connections", async (t) => {
  const { port, server } = await setUp(t);
  const socket = net.connect(port, "127.0.0.1");
  await once(socket, "connect");
  const closed = once(socket, "close");
  await server.close();
  await closed;
});
