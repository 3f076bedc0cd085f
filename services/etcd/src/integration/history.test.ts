import assert from "node:assert/strict";
import { test } from "node:test";
import { type HistoryOptions, runHistory } from "./run.ts";

/** Each kind of fault at least once in all three; more of them, and for longer: `npm run soak -- store`. */
const RUNS: HistoryOptions[] = [
  {
    seed: 11,
    members: 3,
    clients: 6,
    length_ms: 7000,
    faults: ["kill the leader", "cut off the leader", "a sync fails", "stop the leader", "the leader's disk runs full"],
  },
  {
    seed: 12,
    members: 3,
    clients: 6,
    length_ms: 6500,
    faults: ["all lose, delay, repeat messages", "leader is not heard", "leader hears nobody", "slow disk of the leader", "kill all"],
  },
  {
    seed: 13,
    members: 5,
    clients: 6,
    length_ms: 6500,
    faults: [
      "cut off a minority",
      "wrong clocks of all",
      "kill a member",
      "leader and one follower do not hear each other",
      "stop a member",
    ],
  },
];

for (const options of RUNS) {
  test(`history of ${options.members} members, seed ${options.seed}: linearizable, nothing lost, watches complete`, async () => {
    const { violations, undecided, recorder, events } = await runHistory(options);
    assert.deepEqual(violations, [], recorder.marks.map((m) => `${m.at_ms.toFixed(0)} ${m.what}`).join("\n"));
    assert.equal(undecided, undefined);
    const answered = recorder.operations.filter((o) => o.output).length;
    assert.ok(answered > 30 && events > 10, `${answered} answers, ${events} events: too few to say anything`);
  });
}

test("the judge notices: reads that ask no majority are found to be stale", async () => {
  const faults = ["cut off the leader", "slow disk of the leader", "cut off a minority"];
  const { violations } = await runHistory({ seed: 14, members: 3, clients: 6, length_ms: 5000, faults, staleReads: true });
  assert.match(violations.join("\n"), /no order of the \d+ operations explains the answers|after client .* had been answered/);
});
