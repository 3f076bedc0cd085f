import assert from "node:assert/strict";
import { test } from "node:test";
import { StallWatch, successor } from "./step-aside.ts";

type Looked = Parameters<StallWatch["look"]>[1];
type Asked = Parameters<typeof successor>[0];

test("a leader steps aside when its disk stands still for too long while the others go on", () => {
  // [time, role, committed, persisted, steps aside]
  const rows: [number, Looked["role"], number, number, boolean][] = [
    [0, "leader", 10, 10, false],
    [100, "leader", 12, 10, false],
    [450, "leader", 20, 10, false],
    [700, "leader", 30, 10, true],
    [900, "leader", 40, 10, false],
    [1250, "leader", 40, 10, true],
    [1300, "leader", 40, 38, false],
    [1900, "leader", 80, 60, false],
    [2300, "leader", 80, 80, false],
    [5000, "leader", 80, 80, false],
    [9000, "follower", 99, 80, false],
  ];
  const watch = new StallWatch(500);
  for (const [now_ms, role, committed, persisted, aside] of rows) {
    const node = { role, log: { committed, persisted } } as unknown as Looked;
    assert.equal(watch.look(now_ms, node), aside, `at ${now_ms}`);
  }
});

test("its successor is the voter that is furthest, of those that were heard of", () => {
  const p = (match: number, recentlyActive = true) => ({ match, recentlyActive });
  const node = (progress: [number, object][]) => ({
    leader: 1,
    conf: { voters: [1, 2, 3], outgoing: [], learners: [4], learnersNext: [] },
    progress: new Map(progress),
  });
  const rows: [[number, object][], number | undefined][] = [
    [
      [
        [1, p(9)],
        [2, p(5)],
        [3, p(7)],
        [4, p(9)],
      ],
      3,
    ],
    [
      [
        [1, p(9)],
        [2, p(5)],
        [3, p(7, false)],
      ],
      2,
    ],
    [
      [
        [1, p(9)],
        [4, p(9)],
      ],
      undefined,
    ],
  ];
  for (const [progress, expected] of rows) assert.equal(successor(node(progress) as unknown as Asked), expected);
  assert.equal(successor({ ...node([]), progress: undefined } as unknown as Asked), undefined);
});
