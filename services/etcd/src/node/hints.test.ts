import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@flotilla/base";
import { campaignDelay_ms, quorumConnected } from "./hints.ts";

const conf = (voters: number[], outgoing: number[] = []) => ({ voters, outgoing, learners: [], learnersNext: [] });

test("members campaign one after the other, the fallen leader left out", () => {
  const delays = [2, 3, 5].map((id) => campaignDelay_ms(id, conf([1, 2, 3, 5]), 1, seededRandom(7)));
  assert.ok(delays[0]! < 10 && delays[1]! >= 30 && delays[1]! < 40 && delays[2]! >= 60, String(delays));
});

test("an election is worth asking for only with a majority in reach", () => {
  const cases: [ReturnType<typeof conf>, number[], boolean][] = [
    [conf([1]), [], true],
    [conf([1, 2, 3]), [], false],
    [conf([1, 2, 3]), [3], true],
    [conf([1, 2, 3, 4]), [2], false],
    [conf([1, 2, 3], [1, 4, 5]), [2], false],
    [conf([1, 2, 3], [1, 4, 5]), [2, 4], true],
  ];
  for (const [c, up, expected] of cases)
    assert.equal(
      quorumConnected(1, c, (id) => up.includes(id)),
      expected,
      JSON.stringify([c, up]),
    );
});
