import assert from "node:assert/strict";
import { test } from "node:test";
import { Violation } from "./checker.ts";
import { type SimOptions, simulate } from "./cluster.ts";

const SEEDS = Number(process.env["RAFT_SIM_SEEDS"] ?? 100);
const STEPS = 1500;

/** Runs seeds one after the other; a failure names the seed that repeats it. */
function runSeeds(count: number, options: Omit<SimOptions, "seed" | "steps">): number {
  let acknowledged = 0;
  for (let seed = 1; seed <= count; seed++) {
    try {
      acknowledged += simulate({ seed, steps: STEPS, ...options }).acknowledged;
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
  return acknowledged;
}

test(`no property is violated in ${SEEDS} seeds of faults`, () => {
  assert.ok(runSeeds(SEEDS, {}) > SEEDS * 50, "the clusters got work done");
});

test("nor while leaders fall again and again", () => {
  assert.ok(runSeeds(Math.ceil(SEEDS / 2), { storm: true }) > 0);
});

test("nor while the membership changes", () => {
  assert.ok(runSeeds(Math.ceil(SEEDS / 2), { membershipChanges: true }) > 0);
});

test("nor while leaders read by lease", () => {
  assert.ok(runSeeds(Math.ceil(SEEDS / 2), { leaseReads: true }) > SEEDS * 25, "the clusters got work done");
  assert.ok(runSeeds(Math.ceil(SEEDS / 4), { leaseReads: true, membershipChanges: true }) > 0);
});

// The checker must bite: each of these breaks one rule, and is found within a few hundred seeds.
const PLANTED: { bug: string; options: Partial<SimOptions>; found: RegExp }[] = [
  {
    bug: "a member votes twice in a term",
    options: { rules: { mayVote: () => true } },
    found: /two leaders|election safety|safety|completeness|conflicts/,
  },
  {
    bug: "votes for a candidate with an older log",
    options: { rules: { isUpToDate: () => true } },
    found: /completeness|safety|committed/,
  },
  {
    bug: "commits an entry of an older term by counting",
    options: { rules: { mayCommit: () => true }, storm: true },
    found: /completeness|safety|committed/,
  },
  { bug: "acknowledges before the disk has it", options: { ackBeforeSync: true }, found: /completeness|safety|committed|commit/ },
  { bug: "a new leader reads before it knows what is committed", options: { rules: { mayServeReads: () => true } }, found: /stale read/ },
  {
    bug: "a lease outlives the election time-out",
    options: { leaseReads: true, rules: { leaseTicks: (t) => 3 * t } },
    found: /stale read/,
  },
];

for (const { bug, options, found } of PLANTED) {
  test(`finds it when ${bug}`, () => {
    let caught: Error | undefined;
    for (let seed = 1; seed <= 2000 && !caught; seed++) {
      try {
        simulate({ seed, steps: STEPS, ...options });
      } catch (error) {
        caught = error as Error;
      }
    }
    assert.ok(caught, "2000 seeds found nothing");
    assert.ok(caught instanceof Violation || caught.name === "InvariantError", String(caught.stack));
    assert.match(caught.message, found);
  });
}

test("the same seed gives the same run", () => {
  const once = simulate({ seed: 42, steps: STEPS, membershipChanges: true });
  assert.deepEqual(simulate({ seed: 42, steps: STEPS, membershipChanges: true }), once);
});
