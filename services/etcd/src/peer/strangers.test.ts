import assert from "node:assert/strict";
import { test } from "node:test";
import type { Member } from "../node/members.ts";
import { withStrangers } from "./strangers.ts";
import type { PeerTransport } from "./transport.ts";

const member = (id: number, url = `http://m${id}:2380`): Member => ({
  id,
  name: `m${id}`,
  peerURLs: [url],
  clientURLs: [],
  isLearner: false,
});

/** A transport that remembers to whom it keeps links. */
function recording(): PeerTransport & { linked: string[] } {
  const transport = {
    linked: [] as string[],
    events: { up() {}, down() {}, expelled() {} },
    sync: (members: Iterable<Member>) => {
      transport.linked = [...members].map((m) => `${m.id} ${m.peerURLs[0]}`);
    },
    isUp: () => true,
    session: () => undefined,
    send: () => [],
    heardFrom() {},
    close() {},
  };
  return transport;
}

// Found by the simulation: a member that was away while its leader joined got entries from it, could not
// answer, and stayed behind for ever.
test("a leader that the own log does not name yet can be answered", () => {
  const inner = recording();
  const peers = withStrangers(inner, 1);
  peers.sync([member(1), member(2)]);
  peers.heardFrom(7, ["http://new:2380"]);
  assert.deepEqual(inner.linked, ["1 http://m1:2380", "2 http://m2:2380", "7 http://new:2380"]);
  peers.sync([member(1), member(2), member(3)]);
  assert.ok(inner.linked.includes("7 http://new:2380"), "entries before its own joining leave it there");
});

test("once the membership names it, the membership alone decides", () => {
  const inner = recording();
  const peers = withStrangers(inner, 1);
  peers.sync([member(1)]);
  peers.heardFrom(7, ["http://old:2380"]);
  peers.sync([member(1), member(7, "http://right:2380")]);
  assert.deepEqual(inner.linked, ["1 http://m1:2380", "7 http://right:2380"]);
  peers.sync([member(1)]);
  assert.deepEqual(inner.linked, ["1 http://m1:2380"]);
});

test("known members, oneself and callers without an address change nothing", () => {
  const inner = recording();
  const peers = withStrangers(inner, 1);
  peers.sync([member(1), member(2)]);
  peers.heardFrom(2, ["http://elsewhere:2380"]);
  peers.heardFrom(1, ["http://m1:2380"]);
  peers.heardFrom(9, []);
  assert.deepEqual(inner.linked, ["1 http://m1:2380", "2 http://m2:2380"]);
});
