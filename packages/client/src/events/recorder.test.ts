import assert from "node:assert/strict";
import { test } from "node:test";
import { apiError, Events, type Pod, Pods } from "@flotilla/api";
import { silentLogger } from "@flotilla/base";
import { FakeClock } from "@flotilla/testing";
import { FakeApiClient } from "../fake/index.ts";
import { createEventRecorder } from "./recorder.ts";

function setup() {
  const clock = new FakeClock();
  const api = new FakeApiClient(clock);
  const recorder = createEventRecorder({ client: api, clock, log: silentLogger }, { component: "test" });
  const [pod] = api.seed<Pod>(Pods, { metadata: { name: "a", namespace: "ns" } });
  const events = () => api.all(Events).map((e) => [e.involvedObject.name, e.reason, e.message, e.count]);
  return { clock, api, recorder, pod: pod!, events };
}

test("repeats count up, other messages are other events", async () => {
  const { clock, recorder, pod, events, api } = setup();
  for (const message of ["x", "x", "y", "x"]) recorder.event(pod, "Normal", "Made", message);
  await clock.advanceAsync(0);
  await recorder.flush();
  assert.deepEqual(events(), [
    ["a", "Made", "x", 3],
    ["a", "Made", "y", 1],
  ]);
  assert.equal(api.all(Events)[0]!.metadata.namespace, "ns");
});

test("many different messages fold into one event, and a flood is cut", async () => {
  const { recorder, pod, events } = setup();
  for (let i = 0; i < 40; i++) recorder.event(pod, "Normal", "Made", `m${i}`);
  await recorder.flush();
  assert.equal(events().length, 10);
  assert.deepEqual(events().at(-1), ["a", "Made", "(combined from similar events): m24", 16]);
});

test("an outage is waited out, a refusal is not", async () => {
  const { clock, api, recorder, pod, events } = setup();
  const up = api.react("create", "events", () => {
    throw apiError("ServiceUnavailable", "down");
  });
  recorder.event(pod, "Normal", "A", "a");
  await clock.advanceAsync(3_000);
  up();
  await clock.advanceAsync(2_000);
  assert.equal(events().length, 1);
  api.react("create", "events", () => {
    throw apiError("Forbidden", "namespace is being terminated");
  });
  recorder.event(pod, "Normal", "B", "b");
  await recorder.flush();
  assert.equal(events().length, 1);
});
