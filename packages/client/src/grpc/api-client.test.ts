import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { apiError, type Pod, Pods } from "@flotilla/api";
import { type Clock, seededRandom, silentLogger } from "@flotilla/base";
import { ApiService } from "@flotilla/rpc/gen/flotilla/api/v1/api.ts";
import { Metadata, Server, ServerCredentials, status } from "@grpc/grpc-js";
import { encode } from "../codec.ts";
import { createGrpcClient } from "./api-client.ts";

/** Sockets need real time. */
const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (fn, ms) => ((timer) => ({ cancel: () => clearTimeout(timer) }))(setTimeout(fn, ms)),
  setInterval: (fn, ms) => ((timer) => ({ cancel: () => clearInterval(timer) }))(setInterval(fn, ms)),
};

/** A server whose calls are answered by `answer`; it says which verbs it saw. */
async function serve(t: TestContext, answer: (verb: string, request: any) => unknown) {
  const seen: string[] = [];
  const unary = (verb: string) => (call: any, done: any) => {
    seen.push(verb);
    try {
      const object = answer(verb, call.request);
      if (object !== undefined) done(null, { object: encode(object), warnings: [] });
    } catch (error) {
      const metadata = new Metadata();
      if ((error as any).status) metadata.set("kubernetes-status-bin", encode((error as any).status));
      done({ code: (error as any).grpc ?? status.INTERNAL, details: "x", metadata });
    }
  };
  const server = new Server();
  const verbs = Object.fromEntries(["get", "create", "update", "patch", "delete", "deleteCollection"].map((v) => [v, unary(v)]));
  const list = (_: any, done: any) =>
    done(null, { resourceVersion: "7", continue: "", remainingItemCount: 0, items: [encode({ metadata: { name: "a" } })] });
  const watch = (call: any) => {
    call.write({
      events: [
        { type: "ADDED", object: encode({ metadata: { name: "a" } }) },
        { type: "BOOKMARK", object: encode({ metadata: { resourceVersion: "9" } }) },
      ],
    });
    call.write({ events: [{ type: "ERROR", object: encode(apiError("Expired", "too old").status) }] });
    call.end();
  };
  server.addService(ApiService as any, { ...verbs, list, watch } as any);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (e, p) => (e ? reject(e) : resolve(p))),
  );
  t.after(() => server.forceShutdown());
  return { address: `127.0.0.1:${port}`, seen, server };
}

function connect(t: TestContext, grpcServers: string[]) {
  const ports = { clock: systemClock, random: seededRandom(1), log: silentLogger, readFile: () => "" };
  const client = createGrpcClient(ports, { server: "http://x", grpcServers, tls: {}, credentials: { kind: "none" } });
  t.after(() => client.close());
  return client;
}

const pod = { metadata: { name: "a", namespace: "ns", resourceVersion: "5" } } as Pod;

test("calls, typed lists, watches and their errors", async (t) => {
  const a = await serve(t, (verb, request) => {
    if (verb === "get") throw { status: apiError("NotFound", 'pods "a" not found').status, grpc: status.NOT_FOUND };
    return { ...pod, got: JSON.parse((request.object ?? "{}").toString()) };
  });
  const client = connect(t, [a.address]);
  const made: any = await client.create(Pods, pod);
  assert.deepEqual([made.got.kind, made.got.apiVersion], ["Pod", "v1"]);
  const list = await client.list(Pods);
  assert.deepEqual([list.resourceVersion, list.items[0]!.kind], ["7", "Pod"]);
  await assert.rejects(client.get(Pods, "a"), (e: any) => e.reason === "NotFound" && e.message === 'pods "a" not found');
  const events: string[] = [];
  const watching = (async () => {
    for await (const e of client.watch(Pods)) events.push(e.type);
  })();
  await assert.rejects(watching, (e: any) => e.reason === "Expired");
  assert.deepEqual(events, ["ADDED", "BOOKMARK"]);
});

test("a server that is down costs nothing, for any call", async (t) => {
  const gone = await serve(t, () => pod);
  gone.server.forceShutdown();
  const b = await serve(t, () => pod);
  const client = connect(t, [gone.address, b.address]);
  await client.create(Pods, pod);
  assert.deepEqual(b.seen, ["create"]);
});

test("a call lost on the way is sent again only when that is safe", async (t) => {
  const dying = await serve(t, () => {
    dying.server.forceShutdown();
    return undefined;
  });
  const b = await serve(t, () => pod);
  const client = connect(t, [dying.address, b.address]);
  await assert.rejects(client.create(Pods, pod), (e: any) => e.reason === "ServiceUnavailable");
  assert.deepEqual(b.seen, []);
  await client.get(Pods, "a");
  assert.deepEqual(b.seen, ["get"]);
  const dying2 = await serve(t, () => {
    dying2.server.forceShutdown();
    return undefined;
  });
  await connect(t, [dying2.address, b.address]).update(Pods, pod);
  assert.deepEqual(b.seen, ["get", "update"]);
});

test("a server that cannot reach its store is left; a refusal is final", async (t) => {
  const blind = await serve(t, () => {
    throw { status: apiError("ServiceUnavailable", "etcd is gone").status, grpc: status.UNAVAILABLE };
  });
  const b = await serve(t, (verb) => {
    if (verb === "delete") throw { status: apiError("Forbidden", "no").status, grpc: status.PERMISSION_DENIED };
    return pod;
  });
  const client = connect(t, [blind.address, b.address]);
  await client.get(Pods, "a");
  await assert.rejects(client.delete(Pods, "a"), (e: any) => e.reason === "Forbidden");
  assert.deepEqual([blind.seen, b.seen], [["get"], ["get", "delete"]]);
});
