import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "@flotilla/testing";
import type { Sink } from "./backend.ts";
import { type BatchOptions, BufferedBackend } from "./buffered.ts";
import type { AuditEvent } from "./event.ts";
import { fit } from "./truncate.ts";

const eventOf = (id: number, more: object = {}): AuditEvent => ({ auditID: String(id), level: "Request", ...more }) as AuditEvent;

/** A sink whose writes end when told. */
class HeldSink implements Sink {
  readonly name = "webhook";
  readonly batches: string[] = [];
  closed = false;
  private readonly ends: ((error?: Error) => void)[] = [];
  held = false;

  write(events: readonly AuditEvent[]): Promise<void> {
    this.batches.push(events.map(({ auditID }) => auditID).join(" "));
    if (!this.held) return Promise.resolve();
    return new Promise((resolve, reject) => this.ends.push((error) => (error ? reject(error) : resolve())));
  }

  async end(error?: Error): Promise<void> {
    this.ends.shift()!(error);
    await settled();
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const end of this.ends.splice(0)) end();
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

function setup(more: Partial<BatchOptions> = {}) {
  const clock = new FakeClock();
  const sink = new HeldSink();
  const losses: string[] = [];
  const options = { bufferMax: 10, batchMax: 3, wait_ms: 1_000, throttle: undefined, concurrencyMax: 2, ...more };
  const backend = new BufferedBackend(clock, sink, options, (plugin, count, { message }) => losses.push(`${plugin} ${count}: ${message}`));
  let id = 0;
  const record = async (count: number) => {
    for (let i = 0; i < count; i++) assert.equal(await backend.record(eventOf(++id)), true);
    await settled();
  };
  return { clock, sink, losses, backend, record };
}

test("a full batch goes at once, another when it has waited long enough", async () => {
  const { clock, sink, record } = setup();
  await record(4);
  assert.deepEqual(sink.batches, ["1 2 3"]);
  clock.advance(999);
  await settled();
  assert.equal(sink.batches.length, 1);
  clock.advance(1);
  await settled();
  assert.deepEqual(sink.batches, ["1 2 3", "4"]);
  clock.advance(10_000);
  await settled();
  assert.equal(sink.batches.length, 2, "nothing is sent of nothing");
});

test("a sink that does not come back keeps the buffer full and no more; what is beyond is lost", async () => {
  const { sink, losses, record } = setup();
  sink.held = true;
  await record(6);
  assert.equal(sink.batches.length, 2);
  await record(13);
  assert.equal(sink.batches.length, 2, "no more than two under way");
  assert.deepEqual(losses, Array(3).fill("buffered 1: audit buffer queue blocked"));
  await sink.end(new Error("away"));
  assert.deepEqual(losses.slice(3), ["webhook 3: away"]);
  assert.equal(sink.batches.length, 3);
});

test("batches are throttled", async () => {
  const { clock, sink, record } = setup({ batchMax: 1, throttle: { perSecond: 2, burst: 2 } });
  await record(5);
  assert.equal(sink.batches.length, 2);
  await clock.advanceAsync(500);
  assert.equal(sink.batches.length, 3);
  await clock.advanceAsync(1_000);
  assert.equal(sink.batches.length, 5);
});

test("closing sends what is left; what comes later is lost", async () => {
  const { clock, sink, losses, backend, record } = setup({ throttle: { perSecond: 0.001, burst: 1 } });
  await record(8);
  await backend.close();
  assert.deepEqual(sink.batches.join(" "), "1 2 3 4 5 6 7 8");
  assert.ok(sink.closed);
  await record(1);
  assert.deepEqual(losses, ["buffered 1: audit backend shut down"]);
  assert.equal(clock.nextTimer_ms(), undefined, "no timer stays");
});

test("events that are too long lose their bodies, and are lost if that does not help", () => {
  const long = "x".repeat(200);
  const events = [
    eventOf(1),
    eventOf(2, { requestObject: long }),
    eventOf(3, { userAgent: long }),
    eventOf(4, { level: "Metadata", userAgent: long }),
    eventOf(5),
  ];
  const { batches, tooLong } = fit(events, { eventMax_bytes: 150, batchMax_bytes: 130 });
  assert.equal(tooLong, 2);
  assert.deepEqual(
    batches.map((batch) => batch.map(({ auditID }) => auditID).join(" ")),
    ["1 2", "5"],
  );
  assert.deepEqual(batches[0]![1], { auditID: "2", level: "Request", annotations: { "audit.k8s.io/truncated": "true" } });
});
