import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger } from "@flotilla/base";
import { createClusterAuthorities, issue } from "@flotilla/pki";
import { systemClock, systemRandom } from "@flotilla/process";
import { startServer } from "@flotilla/rpc";
import {
  KVService,
  type LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  LeaseService,
  RangeRequest,
  RangeResponse,
} from "@flotilla/rpc/gen/etcd/rpc.ts";
import type { ServerDuplexStream, ServerUnaryCall, sendUnaryData } from "@grpc/grpc-js";
import { EtcdClient } from "./etcd-client.ts";

const env = { now_ms: Date.now(), random: systemRandom };
const { ca } = createClusterAuthorities(env);
const pair = (usages: ["server"] | ["client"]) => issue(ca, { subject: { commonName: "m" }, altNames: ["127.0.0.1"], usages }, env);

const range = (_: ServerUnaryCall<RangeRequest, RangeResponse>, done: sendUnaryData<RangeResponse>) =>
  done(null, RangeResponse.fromPartial({ count: 7 }));

test("asks over mutual TLS", async () => {
  const server = await startServer({
    address: "127.0.0.1:0",
    tls: { ca: ca.cert, ...pair(["server"]) },
    services: [{ definition: KVService, handlers: { range, put() {}, deleteRange() {}, txn() {}, compact() {} } }],
  });
  const servers = [`https://127.0.0.1:${server.port}`];
  const client = new EtcdClient(systemClock, silentLogger, { servers, tls: { ca: ca.cert, ...pair(["client"]) } });
  try {
    assert.equal((await client.range(RangeRequest.fromPartial({ key: Buffer.from("a") }))).count, 7);
  } finally {
    client.close();
    await server.stop();
  }
});

test("keeps a lease alive over a stream that it then leaves", async () => {
  const leaseKeepAlive = (stream: ServerDuplexStream<LeaseKeepAliveRequest, LeaseKeepAliveResponse>) =>
    stream.on("data", ({ ID }: LeaseKeepAliveRequest) => stream.write(LeaseKeepAliveResponse.fromPartial({ ID, TTL: 42 })));
  const handlers = { leaseKeepAlive, leaseGrant() {}, leaseRevoke() {}, leaseTimeToLive() {}, leaseLeases() {} };
  const server = await startServer({ address: "127.0.0.1:0", services: [{ definition: LeaseService, handlers }] });
  const client = new EtcdClient(systemClock, silentLogger, { servers: [`http://127.0.0.1:${server.port}`], tls: {} });
  try {
    assert.deepEqual(await Promise.all([client.keepAlive("7"), client.keepAlive("8")]), [42, 42]);
  } finally {
    client.close();
    await server.stop();
  }
  await assert.rejects(client.keepAlive("7"));
});

test("turns to the member that answers", async () => {
  const server = await startServer({
    address: "127.0.0.1:0",
    services: [{ definition: KVService, handlers: { range, put() {}, deleteRange() {}, txn() {}, compact() {} } }],
  });
  // Port 1 refuses at once.
  const client = new EtcdClient(systemClock, silentLogger, { servers: ["http://127.0.0.1:1", `http://127.0.0.1:${server.port}`], tls: {} });
  try {
    assert.equal((await client.range(RangeRequest.fromPartial({ key: Buffer.from("a") }))).count, 7);
  } finally {
    client.close();
    await server.stop();
  }
});
