import assert from "node:assert/strict";
import { test } from "node:test";
import type { RawNode } from "@flotilla/raft";
import { decodeCommand } from "../codec/command.ts";
import { Proposals, REQUEST_TIMEOUT_MS } from "./proposals.ts";

/** A node that takes or refuses what it is given. */
function fake(term: number, outcome: "appended" | "forwarded" | "no-leader"): RawNode & { got: number[] } {
  const got: number[] = [];
  const propose = (list: { data: Buffer }[]) => {
    if (outcome !== "no-leader") got.push(...list.map((p) => decodeCommand(p.data).sequence));
    return outcome;
  };
  return { term, propose, got } as unknown as RawNode & { got: number[] };
}

const submit = (p: Proposals, out: unknown[], now_ms = 0) => p.submit("put", Buffer.from("x"), undefined, now_ms, (r) => out.push(r));

test("nothing is handed out while there is no leader, and everything at once when there is", () => {
  const p = new Proposals(1, 0);
  for (let i = 0; i < 3; i++) submit(p, []);
  p.flush(fake(2, "no-leader"));
  const leader = fake(2, "forwarded");
  p.flush(leader);
  assert.deepEqual(leader.got, [1, 2, 3]);
  p.flush(leader);
  assert.deepEqual(leader.got, [1, 2, 3], "and only once");
});

test("what was lost with its leader is handed out again, what was applied is not", () => {
  const p = new Proposals(1, 0);
  const out: unknown[] = [];
  submit(p, out);
  submit(p, out);
  p.flush(fake(2, "forwarded"));
  p.take(1)!.done({ kind: "done" });
  p.termStarted(2);
  const early = fake(3, "appended");
  p.flush(early);
  assert.deepEqual(early.got, [], "the term it was sent in may still bring it");
  p.termStarted(3);
  const late = fake(3, "appended");
  p.flush(late);
  assert.deepEqual(late.got, [2]);
  assert.equal(p.take(1), undefined);
  p.take(2)!.done({ kind: "done" });
  assert.equal(out.length, 2);
  assert.equal(p.size, 0);
});

test("a client is told when its time is over", () => {
  const p = new Proposals(1, 0);
  const out: Error[] = [];
  submit(p, out);
  p.flush(fake(2, "forwarded"));
  submit(p, out, 10);
  p.expire(REQUEST_TIMEOUT_MS - 1, 2);
  assert.equal(out.length, 0);
  p.expire(REQUEST_TIMEOUT_MS + 10, 3);
  assert.deepEqual(
    out.map((e) => e.message),
    Array(2).fill("etcdserver: request timed out, possibly due to previous leader failure"),
  );
});

// Found by the simulation: a member that is cut off passes a write on, the leader commits it, and the member gets
// it back in a snapshot. Proposed again in the next term, it would take effect twice.
test("what a snapshot may have brought is never handed out again", () => {
  const p = new Proposals(1, 0);
  const out: unknown[] = [];
  submit(p, out);
  p.flush(fake(2, "forwarded"));
  submit(p, out);
  p.flush(fake(4, "forwarded"));
  p.passedOver(3);
  assert.match((out[0] as Error).message, /request timed out/);
  assert.equal(out.length, 1, "what was sent in a later term is not in it");
  const later = fake(5, "appended");
  p.termStarted(5);
  p.flush(later);
  assert.deepEqual(later.got, [2]);
});
