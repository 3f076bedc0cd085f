import assert from "node:assert/strict";
import { test } from "node:test";
import { sleep } from "@flotilla/base";
import { FakeClock } from "@flotilla/testing";
import { MemoryStore } from "../admission/testing/rig.ts";
import type { Call, Reply } from "../request/call.ts";
import { parseRequestInfo } from "../request/request-info.ts";
import { Fairness } from "./fairness.ts";
import { deal } from "./shuffle-shard.ts";

const REPLY: Reply = { type: "document", code: 200, contentType: "text/plain", body: "" };
const SEATS = 20;

function setup(seats = SEATS) {
  const clock = new FakeClock();
  const store = new MemoryStore();
  const caches = { flowSchemas: store.cache("flowschemas"), priorityLevels: store.cache("prioritylevelconfigurations") };
  return { clock, store, fairness: new Fairness({ clock, ...caches, countOf: () => 1000 }, { seats, waitMax_ms: 1000 }) };
}

const levelOf = (name: string, limited: object) => ({ metadata: { name }, spec: { type: "Limited", limited } });
const queueing = (queues: number, handSize = 1, queueLengthLimit = 50) => ({
  nominalConcurrencyShares: 10,
  limitResponse: { type: "Queue", queuing: { queues, handSize, queueLengthLimit } },
});
const schemaOf = (name: string, level: string, rules: object[] = EVERYTHING) => ({
  metadata: { name },
  spec: { priorityLevelConfiguration: { name: level }, matchingPrecedence: 50, distinguisherMethod: { type: "ByUser" }, rules },
});
const EVERYTHING = [
  {
    subjects: [{ kind: "Group", group: { name: "*" } }],
    resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"], clusterScope: true, namespaces: ["*"] }],
  },
];

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

test("a level's queues may change while requests wait in them", async () => {
  for (const [what, changed] of [
    ["fewer queues", queueing(1)],
    ["more queues", queueing(512)],
    ["none at all", { nominalConcurrencyShares: 10, limitResponse: { type: "Reject" } }],
  ] as const) {
    const { fairness, store } = setup(10);
    store.seed("prioritylevelconfigurations", levelOf("mine", queueing(64)));
    store.seed("flowschemas", schemaOf("all", "mine"));
    const held = new Held(fairness);
    for (let i = 0; i < 60; i++) held.ask(`user-${i}`);
    await settled();
    const running = held.started.length;
    assert.ok(running > 0 && running < 60, what);
    store.seed("prioritylevelconfigurations", levelOf("mine", changed));
    for (let i = 0; i < 60; i++) await held.finish(1);
    assert.deepEqual([held.started.length, held.failed], [60, []], what);
  }
});

test("a level that is deleted serves what it has, and goes", async () => {
  const { fairness, store } = setup(10);
  store.seed("prioritylevelconfigurations", levelOf("mine", queueing(8)));
  store.seed("flowschemas", schemaOf("all", "mine"));
  const held = new Held(fairness);
  for (let i = 0; i < 20; i++) held.ask("a");
  await settled();
  store.cache("prioritylevelconfigurations").remove("/registry/prioritylevelconfigurations/mine", 1_000);
  held.ask("b");
  assert.equal(fairness.levels.get("mine")!.quiescing, true);
  for (let i = 0; i < 21; i++) await held.finish(1);
  assert.equal(held.started.length, 21);
  assert.equal(fairness.levels.has("mine"), false);
});

test("what is mandatory holds although somebody deleted it; a subject that says nothing chooses nobody", async () => {
  const { fairness, store } = setup(10);
  store.seed("prioritylevelconfigurations", levelOf("mine", queueing(8)));
  const subjects = [{ kind: "User" }, { kind: "Group" }, { kind: "ServiceAccount" }];
  store.seed("flowschemas", schemaOf("broken", "mine", [{ ...EVERYTHING[0], subjects }, {}]), schemaOf("dangling", "nowhere"));
  const held = new Held(fairness);
  for (let i = 0; i < 30; i++) held.ask("admin", callOf("admin", undefined, ["system:masters"]));
  held.ask("jane");
  await settled();
  assert.deepEqual([count(held.started, "admin"), count(held.started, "jane")], [30, 1]);
  assert.equal(fairness.levels.get("catch-all")!.running, 1);
});

test("a level of millions of queues keeps only those in use", async () => {
  const { fairness, store } = setup(10);
  store.seed("prioritylevelconfigurations", levelOf("mine", queueing(10_000_000, 2)));
  store.seed("flowschemas", schemaOf("all", "mine"));
  const held = new Held(fairness);
  for (let i = 0; i < 200; i++) held.ask(`user-${i}`);
  await settled();
  const level = fairness.levels.get("mine")!;
  assert.ok(level.queues.size > 150 && level.queues.size <= 200, `${level.queues.size}`);
  for (let i = 0; i < 200; i++) await held.finish(1);
  assert.deepEqual([held.started.length, level.queues.size], [200, 0]);
});

test("a flood of one user costs another of the same level no more than its turn", async () => {
  const { clock, fairness, store } = setup(4);
  store.seed("prioritylevelconfigurations", levelOf("mine", queueing(64, 2, 10)));
  store.seed("flowschemas", schemaOf("all", "mine"));
  const waits: number[] = [];
  const serve = (user: string, note?: (ms: number) => void) => {
    const asked_ms = clock.monotonic();
    return fairness
      .run(callOf(user), async () => {
        note?.(clock.monotonic() - asked_ms);
        await sleep(clock, 10);
        return REPLY;
      })
      .catch(() => REPLY);
  };
  let stop = false;
  // Forty connections of the flood: each asks again as soon as it is answered.
  const flood = Array.from({ length: 40 }, async () => {
    while (!stop) {
      await serve("flood");
      await sleep(clock, 1);
    }
  });
  for (let i = 0; i < 10; i++) {
    void serve("calm", (ms) => waits.push(ms));
    await clock.advanceAsync(30);
  }
  stop = true;
  await clock.advanceAsync(200);
  await Promise.all(flood);
  const worst = Math.max(...waits);
  assert.equal(waits.length, 10, "calm is always served");
  assert.ok(worst <= 20, `calm waits ${worst} ms at most, a request takes 10 ms`);
  assert.ok(fairness.levels.get("mine")!.rejected.get("queue-full")! > 0, "the flood is turned away");
});

test("the debugging pages show levels, queues and who waits", async () => {
  const { fairness, store } = setup(10);
  store.seed("prioritylevelconfigurations", levelOf("mine", queueing(2)));
  store.seed("flowschemas", schemaOf("all", "mine"));
  const held = new Held(fairness);
  for (let i = 0; i < 12; i++) held.ask("jane");
  held.ask("admin", callOf("admin", undefined, ["system:masters"]));
  await settled();
  const running = count(held.started, "jane");
  const page = (name: string, query = "") => {
    const path = `/debug/api_priority_and_fairness/${name}`;
    const reply = fairness.page({ ...callOf("x", path, [], query) });
    return reply?.type === "document"
      ? String(reply.body)
          .trimEnd()
          .split("\n")
          .map((line) => line.split(/,\s*/))
      : undefined;
  };
  const levels = page("dump_priority_levels")!;
  assert.deepEqual(levels[0]!.slice(0, 5), ["PriorityLevelName", "ActiveQueues", "IsIdle", "IsQuiescing", "WaitingRequests"]);
  const line = (name: string) => levels.find(([first]) => first === name)!;
  assert.deepEqual(line("mine").slice(1), ["1", "false", "false", `${12 - running}`, `${running}`, `${running}`, "0", "0", "0"]);
  assert.deepEqual(line("exempt").slice(1), ["0", "false", "false", "0", "1", "1", "0", "0", "0"]);
  const queues = page("dump_queues")!.filter(([name]) => name === "mine");
  assert.equal(queues.length, 2);
  assert.deepEqual(queues.map(([, , pending]) => Number(pending)).sort(), [0, 12 - running]);
  const [, first] = page("dump_requests", "includeRequestDetails=1")!;
  assert.deepEqual([first![0], first![1], first![4], first![7], first![8]], ["mine", "all", "jane", "jane", "get"]);
  assert.equal(page("dump_nothing"), undefined);
});
