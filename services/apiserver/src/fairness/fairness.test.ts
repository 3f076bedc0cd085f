import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "@flotilla/testing";
import type { Call, Reply } from "../request/call.ts";
import { parseRequestInfo } from "../request/request-info.ts";
import { ResourceCache } from "../storage/resource-cache.ts";
import { Fairness } from "./fairness.ts";
import { deal } from "./shuffle-shard.ts";

const REPLY: Reply = { type: "document", code: 200, contentType: "text/plain", body: "" };
const SEATS = 20;

function setup(seats = SEATS) {
  const clock = new FakeClock();
  const caches = { flowSchemas: new ResourceCache(0), priorityLevels: new ResourceCache(0) };
  return { clock, fairness: new Fairness({ clock, ...caches, countOf: () => 1000 }, { seats, waitMax_ms: 1000 }) };
}

function callOf(user: string, path = "/api/v1/namespaces/a/pods/x", groups = ["system:authenticated"], query = ""): Call {
  const search = new URLSearchParams(query);
  return {
    info: parseRequestInfo("GET", path, search),
    query: search,
    user: { name: user, groups },
    responseHeaders: {},
    signal: new AbortController().signal,
  } as unknown as Call;
}

/** Requests that stay until they are let go. */
class Held {
  readonly started: string[] = [];
  readonly failed: string[] = [];
  private readonly ends: (() => void)[] = [];
  private readonly fairness: Fairness;

  constructor(fairness: Fairness) {
    this.fairness = fairness;
  }

  ask(user: string, call = callOf(user)): void {
    const work = () =>
      new Promise<Reply>((resolve) => {
        this.started.push(user);
        this.ends.push(() => resolve(REPLY));
      });
    this.fairness.run(call, work).catch((error: Error) => this.failed.push(`${user}: ${error.message}`));
  }

  async finish(count: number): Promise<void> {
    for (const end of this.ends.splice(0, count)) end();
    await settled();
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const count = (users: string[], user: string) => users.filter((one) => one === user).length;

test("who floods does not starve another of the same level", async () => {
  const { fairness } = setup();
  const held = new Held(fairness);
  for (let i = 0; i < 400; i++) held.ask("flood");
  await settled();
  const running = held.started.length;
  assert.ok(running < SEATS + 1, `${running} run at once`);
  assert.ok(held.failed.length > 0, "the flood's own queues overflow");
  for (let i = 0; i < 5; i++) held.ask("calm");
  await settled();
  assert.equal(held.failed.filter((line) => line.startsWith("calm")).length, 0, "calm is never turned away");
  await held.finish(running);
  await held.finish(running);
  assert.equal(count(held.started, "calm"), 5, "calm has had its turn within two rounds");
});

test("each level keeps seats that nobody else may use", async () => {
  const { fairness } = setup(100);
  const held = new Held(fairness);
  for (let i = 0; i < 300; i++) held.ask("flood");
  held.ask("node", callOf("system:node:a", "/api/v1/nodes/a", ["system:nodes", "system:authenticated"]));
  held.ask("admin", callOf("admin", "/api/v1/nodes/a", ["system:masters"]));
  await settled();
  assert.deepEqual([count(held.started, "node"), count(held.started, "admin")], [1, 1]);
  const seats = [...fairness.levels.values()].reduce((sum, level) => sum + level.seatsRunning, 0);
  assert.ok(seats <= 100, `${seats} seats are taken`);
});

test("a level without queues turns away what finds no seat", async () => {
  const { fairness } = setup(10);
  const held = new Held(fairness);
  for (let i = 0; i < 20; i++) held.ask("nobody", callOf("nobody", undefined, []));
  await settled();
  assert.ok(held.started.length < 10);
  assert.equal(held.started.length + held.failed.length, 20);
  assert.match(held.failed[0]!, /Too many requests, please try again later\./);
});

test("who waits too long is turned away, who goes leaves its place", async () => {
  const { clock, fairness } = setup(10);
  const held = new Held(fairness);
  for (let i = 0; i < 20; i++) held.ask("a");
  await settled();
  const running = held.started.length;
  clock.advance(1001);
  await settled();
  assert.equal(held.failed.length, 20 - running);
  await held.finish(running);
  for (const level of fairness.levels.values()) assert.deepEqual([level.seatsRunning, level.waitingCount], [0, 0]);
});

test("a list takes as many seats as it reads", async () => {
  const { fairness } = setup(600);
  const taken = async (query: string) => {
    let seats = 0;
    await fairness.run(callOf("a", "/api/v1/pods", undefined, query), async () => {
      seats = [...fairness.levels.values()].reduce((sum, level) => sum + level.seatsRunning, 0);
      return REPLY;
    });
    return seats;
  };
  assert.deepEqual(
    [await taken(""), await taken("limit=50"), await taken("limit=500"), await taken("limit=50&labelSelector=a")],
    [10, 1, 5, 10],
  );
});

test("a hand has different cards, and flows rarely share one", () => {
  const hands = Array.from({ length: 200 }, (_, i) => deal(`flow-${i}`, 64, 6));
  for (const hand of hands) {
    assert.equal(new Set(hand).size, 6);
    assert.ok(hand.every((card) => card >= 0 && card < 64));
  }
  const used = new Set(hands.flat());
  assert.ok(used.size > 60, `${used.size} of 64 queues are used`);
  const same = hands.slice(1).filter((hand) => hand.every((card) => hands[0]!.includes(card)));
  assert.deepEqual(same, []);
});
