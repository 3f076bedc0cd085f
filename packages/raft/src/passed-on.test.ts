import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@flotilla/base";
import type { Message, Propose } from "./message.ts";
import { PassedOn } from "./passed-on.ts";
import { RawNode } from "./raw-node.ts";

test("each id counts once, in any order, from each sender and series", () => {
  const passed = new PassedOn();
  const series = 7 * 2 ** 32;
  const rows: [from: number, id: number, first: boolean][] = [
    [1, 1, true],
    [1, 3, true],
    [1, 2, true],
    [1, 3, false],
    [1, 1, false],
    [2, 1, true],
    [1, series + 1, true],
    [1, series + 1, false],
    [1, 4, true],
    [1, 9000, true],
    [1, 4, false],
  ];
  for (const [from, id, first] of rows) assert.equal(passed.take(from, id), first, `${id} from ${from}`);
});

test("what it remembers is bounded", () => {
  const passed = new PassedOn();
  for (let id = 1; id <= 20_000; id++) assert.equal(passed.take(1, id), true);
  const windows = [...(passed as unknown as { series: Map<string, { seen: Set<number> }> }).series.values()];
  assert.ok(windows[0]!.seen.size <= 4097, String(windows[0]!.seen.size));
});

/** Two members; whatever they send is delivered at once, twice. */
function pair(): RawNode[] {
  const snapshot = { index: 1, term: 1, conf: { voters: [1, 2], outgoing: [], learners: [], learnersNext: [] } };
  return [1, 2].map((id) => new RawNode({ id, random: seededRandom(id), snapshot }));
}

function settle(nodes: RawNode[]): void {
  for (let busy = true; busy; ) {
    busy = false;
    for (const node of nodes) {
      if (!node.hasReady()) continue;
      busy = true;
      const ready = node.ready();
      const send = (m: Message) => {
        for (let copy = 0; copy < 2; copy++) nodes[m.to - 1]!.step(m);
      };
      ready.messages.forEach(send);
      node.persisted(ready.token);
      ready.afterPersist.forEach(send);
    }
  }
}

test("a proposal that is passed on and repeated by the network is appended once", () => {
  const nodes = pair();
  nodes[0]!.campaign();
  settle(nodes);
  const before = nodes[0]!.log.lastIndex;
  for (let n = 0; n < 3; n++) {
    assert.equal(nodes[1]!.propose([{ kind: "normal", data: Buffer.from([n]) }]), "forwarded");
    settle(nodes);
  }
  assert.equal(nodes[0]!.log.lastIndex, before + 3);
  assert.equal(nodes[1]!.log.committed, before + 3);
});

test("two batches of one turn are two batches", () => {
  const nodes = pair();
  nodes[0]!.campaign();
  settle(nodes);
  const before = nodes[0]!.log.lastIndex;
  for (let n = 0; n < 2; n++) nodes[1]!.propose([{ kind: "normal", data: Buffer.from([n]) }]);
  const sent = nodes[1]!.ready().messages.filter((m): m is Propose => m.type === "propose");
  assert.equal(new Set(sent.map((m) => m.id)).size, 2);
  for (const m of sent.toReversed()) nodes[0]!.step(m);
  assert.equal(nodes[0]!.log.lastIndex, before + 2);
});
