import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger } from "@flotilla/base";
import type { TxnRequest, TxnResponse } from "@flotilla/rpc/gen/etcd/rpc.ts";
import { FakeClock } from "@flotilla/testing/sim/clock.ts";
import { Compactor } from "./compactor.ts";

/** Just enough of a store: one key's version, a revision that others advance too. */
function fakeStore() {
  const state = { version: 0, revision: 100, compacted: [] as number[] };
  const txn = async ({ compare }: TxnRequest) => {
    const wanted = compare[0]!.targetUnion as { value: number };
    const succeeded = wanted.value === state.version;
    if (succeeded) state.version++;
    state.revision += 10;
    const range = { response: { $case: "responseRange", value: { kvs: [{ version: state.version }] } } };
    return { response: { header: { revision: state.revision }, succeeded, responses: [range] } as unknown as TxnResponse, attempts: 1 };
  };
  return { state, client: { txn, compact: async (revision: number) => void state.compacted.push(revision) } };
}

test("compacts to what was current an interval ago, once per interval, however many replicas", async () => {
  const clock = new FakeClock();
  const { state, client } = fakeStore();
  const replicas = [1, 2].map(() => new Compactor(client, clock, silentLogger, 1_000));
  for (const replica of replicas) replica.start();
  for (let round = 0; round < 5; round++) await clock.advanceAsync(1_000);
  assert.equal(state.version, 5, "one round per interval");
  assert.ok(state.compacted.length >= 2 && state.compacted.length <= 4);
  assert.ok(state.compacted.every((revision, i) => revision < state.revision && (i === 0 || revision > state.compacted[i - 1]!)));
});
