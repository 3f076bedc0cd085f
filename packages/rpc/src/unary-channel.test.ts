import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, before, test } from "node:test";
import { type ServerUnaryCall, type sendUnaryData, status } from "@grpc/grpc-js";
import { KVService, type RangeRequest, RangeResponse, RangeRequest as Request } from "./gen/etcd/rpc.ts";
import { type RunningServer, startServer } from "./server.ts";
import { apiErrorToGrpc, grpcToApiStatus } from "./status.ts";
import { UnaryChannel } from "./unary-channel.ts";

const clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout(fn: () => void, delay_ms: number) {
    const timer = setTimeout(fn, delay_ms);
    return { cancel: () => clearTimeout(timer) };
  },
  setInterval: () => ({ cancel() {} }),
};
const ask = (key: string) => Request.fromPartial({ key: Buffer.from(key) });

/** Counts by key: "wait" never answers, "refuse" fails with a Status, others echo their length. */
const handlers = {
  range(call: ServerUnaryCall<RangeRequest, RangeResponse>, done: sendUnaryData<RangeResponse>) {
    const key = call.request.key.toString();
    if (key === "wait") return;
    if (key === "refuse") done(apiErrorToGrpc({ code: 409, message: "größer" }));
    else done(null, RangeResponse.fromPartial({ count: key.length, kvs: [{ value: Buffer.alloc(key.length) }] }));
  },
  put() {},
  deleteRange() {},
  txn() {},
  compact() {},
};

let server: RunningServer;
let channel: UnaryChannel;
before(async () => {
  server = await startServer({ address: "127.0.0.1:0", services: [{ definition: KVService, handlers }] });
  channel = new UnaryChannel(`http://127.0.0.1:${server.port}`, {}, clock);
});
after(async () => {
  channel.close();
  await server.stop();
});

test("calls in parallel get each its own answer, small or large", async () => {
  const sizes = [1, 10, 100_000, 3_000_000];
  const answers = await Promise.all(sizes.map((size) => channel.call(KVService.range, ask("k".repeat(size)), 10_000)));
  assert.deepEqual(
    answers.map(({ count }) => count),
    sizes,
  );
});

test("a refusal carries its code, message and Status", async () => {
  const error = await channel.call(KVService.range, ask("refuse"), 5_000).catch((e) => e);
  assert.equal(error.code, status.ABORTED);
  assert.equal(error.details, "größer");
  assert.deepEqual(grpcToApiStatus(error), { code: 409, message: "größer" });
});

test("no answer ends the call in time; the next one works", async () => {
  await assert.rejects(channel.call(KVService.range, ask("wait"), 50), { code: status.DEADLINE_EXCEEDED });
  assert.equal((await channel.call(KVService.range, ask("abc"), 5_000)).count, 3);
});

test("nobody listens: UNAVAILABLE at once; who comes back is found again", async () => {
  const free = await new Promise<number>((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
  const late = new UnaryChannel(`http://127.0.0.1:${free}`, {}, clock);
  await assert.rejects(late.call(KVService.range, ask("a"), 5_000), { code: status.UNAVAILABLE });
  const back = await startServer({ address: `127.0.0.1:${free}`, services: [{ definition: KVService, handlers }] });
  assert.equal((await late.call(KVService.range, ask("a"), 5_000)).count, 1);
  await back.stop();
  await assert.rejects(late.call(KVService.range, ask("a"), 5_000), { code: status.UNAVAILABLE });
  late.close();
});
