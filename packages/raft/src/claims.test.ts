import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@flotilla/base";
import { type Entry, type HardState, type Message, type NodeOptions, RawNode, type Ready } from "./index.ts";

/**
 * One test per rule of the paper's figure 2 and of the sections it points to:
 * a single member, given messages by hand. The transcripts in testdata show the
 * same rules at work in whole clusters.
 */

const conf = { voters: [1, 2, 3], outgoing: [], learners: [], learnersNext: [] };
const entry = (index: number, term: number, data = ""): Entry => ({ index, term, kind: "normal", data: Buffer.from(data) });

/** Member 1 of three, in `term`, with these entries behind the first snapshot at 1/1. */
function member(term: number, entries: Entry[] = [], more: Partial<NodeOptions> & { vote?: number; commit?: number } = {}): RawNode {
  const hardState: HardState = { term, vote: more.vote ?? 0, commit: more.commit ?? 1 };
  return new RawNode({ id: 1, random: seededRandom(1), snapshot: { index: 1, term: 1, conf }, hardState, entries, ...more });
}

/** Handles everything due with an instant disk; what was sent. */
function settle(node: RawNode): { sent: Message[]; readys: Ready[] } {
  const sent: Message[] = [];
  const readys: Ready[] = [];
  while (node.hasReady()) {
    const ready = node.ready();
    readys.push(ready);
    sent.push(...ready.messages);
    node.persisted(ready.token);
    sent.push(...ready.afterPersist);
  }
  return { sent, readys };
}

const step = (node: RawNode, m: object): Message[] => {
  node.step({ from: 2, to: 1, ...m } as Message);
  return settle(node).sent;
};

const vote = (term: number, lastIndex: number, lastTerm: number, from = 2) => ({
  type: "vote",
  from,
  term,
  lastIndex,
  lastTerm,
  transfer: false,
});
const append = (term: number, prevIndex: number, prevTerm: number, entries: Entry[] = [], commit = 1) => ({
  type: "append",
  term,
  prevIndex,
  prevTerm,
  entries,
  commit,
});

/** Elected in `term` + 1 by member 2. */
function leader(term: number, entries: Entry[] = []): RawNode {
  const node = member(term, entries);
  node.campaign();
  settle(node);
  step(node, { type: "pre-vote-reply", term: term + 1, granted: true });
  step(node, { type: "vote-reply", term: term + 1, granted: true });
  assert.equal(node.role, "leader");
  return node;
}

const logOf = (node: RawNode) => Array.from({ length: node.log.lastIndex - 1 }, (_, i) => `${i + 2}/${node.log.termAt(i + 2)}`);

test("RequestVote 1: a candidate of an older term is refused and told the newer one (§5.1)", () => {
  const [reply] = step(member(5), vote(4, 9, 4));
  assert.deepEqual(reply, { type: "vote-reply", from: 1, to: 2, term: 5, granted: false });
});

test("RequestVote 2: whoever has voted for another in this term does not vote again (§5.2)", () => {
  const node = member(5, [], { vote: 3 });
  assert.equal((step(node, vote(5, 9, 5)) as { granted?: boolean }[])[0]!.granted, false);
  assert.equal((step(node, vote(5, 9, 5, 3)) as { granted?: boolean }[])[0]!.granted, true, "the same candidate gets the same answer");
});

for (const { log, candidate, granted } of [
  { log: [entry(2, 1), entry(3, 2)], candidate: [3, 2], granted: true },
  { log: [entry(2, 1), entry(3, 2)], candidate: [2, 3], granted: true },
  { log: [entry(2, 1), entry(3, 2)], candidate: [9, 1], granted: false },
  { log: [entry(2, 1), entry(3, 2)], candidate: [2, 2], granted: false },
] as const) {
  test(`RequestVote 2: a log that ends with 3/2 ${granted ? "votes for" : "refuses"} one that ends with ${candidate.join("/")} (§5.4.1)`, () => {
    const [reply] = step(member(2, [...log]), vote(5, candidate[0], candidate[1])) as { granted?: boolean }[];
    assert.equal(reply!.granted, granted);
  });
}

test("a vote is durable before it is told (figure 2, persistent state)", () => {
  const node = member(2);
  node.step({ to: 1, ...vote(3, 9, 2) } as Message);
  const ready = node.ready();
  assert.deepEqual(ready.hardState, { term: 3, vote: 2, commit: 1 });
  assert.ok(ready.mustSync);
  assert.deepEqual(ready.messages, []);
  assert.equal((ready.afterPersist[0] as { granted?: boolean }).granted, true);
});

test("AppendEntries 1: a leader of an older term is refused (§5.1)", () => {
  const node = member(5);
  const [reply] = step(node, append(4, 1, 1, [entry(2, 4)])) as { term: number; rejected?: boolean }[];
  assert.deepEqual([reply!.term, reply!.rejected], [5, true]);
  assert.equal(node.log.lastIndex, 1);
});

test("AppendEntries 2: without the entry before, nothing is taken (§5.3)", () => {
  const node = member(2, [entry(2, 1)]);
  assert.equal((step(node, append(2, 5, 2, [entry(6, 2)])) as { rejected?: boolean }[])[0]!.rejected, true);
  assert.equal((step(node, append(2, 2, 2, [entry(3, 2)])) as { rejected?: boolean }[])[0]!.rejected, true, "another term there");
  assert.deepEqual(logOf(node), ["2/1"]);
});

test("AppendEntries 3 and 4: what conflicts goes, with all behind it; what is new is added (§5.3)", () => {
  const node = member(2, [entry(2, 1), entry(3, 1), entry(4, 1)]);
  step(node, append(3, 2, 1, [entry(3, 3)]));
  assert.deepEqual(logOf(node), ["2/1", "3/3"]);
});

test("AppendEntries 3: what agrees stays, though the message ends before it (a late copy must not cut the log)", () => {
  const node = member(2, [entry(2, 1), entry(3, 2), entry(4, 2)]);
  step(node, append(2, 1, 1, [entry(2, 1)]));
  assert.deepEqual(logOf(node), ["2/1", "3/2", "4/2"]);
});

test("AppendEntries 5: the commit index goes as far as the leader's, but not beyond what this message proves", () => {
  const node = member(2, [entry(2, 1), entry(3, 1)]);
  step(node, append(2, 1, 1, [entry(2, 1)], 9));
  assert.equal(node.log.committed, 2);
});

test("entries are durable before they are acknowledged (§5.3)", () => {
  const node = member(2);
  node.step({ from: 2, to: 1, ...append(2, 1, 1, [entry(2, 2)]) } as Message);
  const ready = node.ready();
  assert.equal(ready.messages.length, 0);
  assert.equal((ready.afterPersist[0] as { index?: number }).index, 2);
});

test("all servers: a newer term makes a follower of anyone (§5.1)", () => {
  const node = leader(2);
  step(node, { type: "heartbeat-reply", term: 9, readRound: 0 });
  assert.deepEqual([node.role, node.term, node.hardState.vote], ["follower", 9, 0]);
});

test("all servers: what is committed is applied, in order, once, and only when the own disk has it", () => {
  const node = member(2);
  node.step({ from: 2, to: 1, ...append(2, 1, 1, [entry(2, 2), entry(3, 2)], 3) } as Message);
  const first = node.ready();
  assert.deepEqual(first.committed, []);
  node.persisted(first.token);
  assert.deepEqual(
    node.ready().committed.map((e) => e.index),
    [2, 3],
  );
  assert.deepEqual(
    settle(node).readys.flatMap((r) => r.committed),
    [],
  );
});

test("followers: an election time-out without a leader begins an election; a leader's word prevents it (§5.2)", () => {
  const silent = member(2);
  for (let i = 0; i < 20; i++) silent.tick();
  assert.equal(silent.role, "pre-candidate");
  const led = member(2);
  for (let i = 0; i < 60; i++) {
    led.tick();
    if (i % 5 === 0) step(led, { type: "heartbeat", term: 2, commit: 1, readRound: 0 });
  }
  assert.equal(led.role, "follower");
});

test("election time-outs differ, between one and two of the shortest (§5.2, §9.3)", () => {
  const lengths = new Set<number>();
  for (let seed = 1; seed <= 60; seed++) {
    const node = member(2, [], { random: seededRandom(seed) });
    let ticks = 0;
    for (; node.role === "follower"; ticks++) node.tick();
    lengths.add(ticks);
  }
  assert.ok(Math.min(...lengths) >= 10 && Math.max(...lengths) < 20 && lengths.size > 5, [...lengths].join());
});

test("candidates: a new term, a vote for oneself, requests to all others (§5.2)", () => {
  const node = member(2);
  node.campaign();
  settle(node);
  const sent = step(node, { type: "pre-vote-reply", term: 3, granted: true });
  assert.deepEqual(
    sent.map((m) => [m.type, m.to, m.term]),
    [
      ["vote", 2, 3],
      ["vote", 3, 3],
    ],
  );
  assert.deepEqual(node.hardState, { term: 3, vote: 1, commit: 1 });
});

test("candidates: a leader of the same term wins (§5.2)", () => {
  const node = member(2);
  node.campaign();
  settle(node);
  step(node, { type: "pre-vote-reply", term: 3, granted: true });
  step(node, append(3, 1, 1));
  assert.deepEqual([node.role, node.leader], ["follower", 2]);
});

test("candidates: one vote of three more makes a leader, the own one alone does not (§5.2)", () => {
  const node = member(2);
  node.campaign();
  settle(node);
  step(node, { type: "pre-vote-reply", term: 3, granted: true });
  assert.equal(node.role, "candidate");
  step(node, { type: "vote-reply", term: 3, granted: true });
  assert.equal(node.role, "leader");
});

test("leaders: an entry of the own term, empty, right after the election (§8, dissertation §6.4)", () => {
  const node = leader(2, [entry(2, 2)]);
  assert.equal(node.log.termAt(3), 3);
  assert.equal(node.log.slice(3, 1)[0]!.data.length, 0);
});

test("leaders never overwrite or remove their own entries (leader append-only, §5.3)", () => {
  const node = leader(2, [entry(2, 2)]);
  node.propose([{ kind: "normal", data: Buffer.from("x") }]);
  step(node, { type: "append-reply", term: 3, index: 2, rejected: true, hintIndex: 1, hintTerm: 1 });
  assert.deepEqual(logOf(node), ["2/2", "3/3", "4/3"]);
});

test("leaders: after a refusal the entries before are sent, until the logs agree (§5.3)", () => {
  const node = leader(2, [entry(2, 2)]);
  const [m] = step(node, { type: "append-reply", term: 3, index: 2, rejected: true, hintIndex: 1, hintTerm: 1 }) as unknown as {
    prevIndex: number;
    entries: Entry[];
  }[];
  assert.equal(m!.prevIndex, 1);
  assert.deepEqual(
    m!.entries.map((e) => e.index),
    [2, 3],
  );
});

test("leaders: committed is what a majority has, if it is of the own term; then all before it is (§5.3, §5.4.2)", () => {
  const node = leader(2, [entry(2, 2)]);
  step(node, { type: "append-reply", term: 3, index: 2, rejected: false, hintIndex: 0, hintTerm: 0 });
  assert.equal(node.log.committed, 1, "an older term's entry on a majority is not committed by that");
  step(node, { type: "append-reply", term: 3, index: 3, rejected: false, hintIndex: 0, hintTerm: 0 });
  assert.equal(node.log.committed, 3);
});

test("snapshots: one that reaches further replaces the log; one that does not changes nothing (§7, figure 13)", () => {
  const node = member(2, [entry(2, 1), entry(3, 1)]);
  step(node, { type: "snapshot", term: 2, snapshot: { index: 1, term: 1, conf } });
  assert.equal(node.log.lastIndex, 3);
  const bigger = { ...conf, voters: [1, 2, 3, 4] };
  node.step({ from: 2, to: 1, type: "snapshot", term: 2, snapshot: { index: 9, term: 2, conf: bigger } });
  const { readys } = settle(node);
  assert.equal(readys[0]!.snapshot?.index, 9);
  assert.deepEqual([node.log.offset, node.log.lastIndex, node.log.committed, node.conf.voters.length], [9, 9, 9, 4]);
});

test("snapshots: entries behind one that agrees with the log are kept (figure 13, rule 6)", () => {
  const node = member(2, [entry(2, 1), entry(3, 2), entry(4, 2)]);
  step(node, { type: "snapshot", term: 2, snapshot: { index: 3, term: 2, conf } });
  assert.deepEqual(logOf(node), ["2/1", "3/2", "4/2"]);
  assert.equal(node.log.committed, 3);
});

test("membership: no second change before the first is applied (dissertation §4.1)", () => {
  const node = leader(2);
  step(node, { type: "append-reply", term: 3, index: 2, rejected: false, hintIndex: 0, hintTerm: 0 });
  const change = { kind: "conf" as const, data: Buffer.from("any") };
  assert.equal(node.propose([change]), "appended");
  assert.equal(node.propose([change]), "busy");
});

test("membership: a member that is not in it does not campaign (dissertation §4.2.1, §4.2.2)", () => {
  const node = member(2, [], { snapshot: { index: 1, term: 1, conf: { ...conf, voters: [2, 3], learners: [1] } } });
  for (let i = 0; i < 50; i++) node.tick();
  assert.equal(node.role, "follower");
  assert.deepEqual(settle(node).sent, []);
});

test("a disruptive candidate: who has heard its leader lately does not answer, nor take the newer term (dissertation §4.2.3)", () => {
  const node = member(2);
  step(node, append(2, 1, 1));
  assert.deepEqual(step(node, vote(9, 9, 9, 3)), []);
  assert.equal(node.term, 2);
});
