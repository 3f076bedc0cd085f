import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkAcknowledged,
  checkLinearizable,
  checkWatch,
  type KvInput,
  type KvOutput,
  kvModel,
  mergeHistory,
  type Operation,
  settle,
  type WatchedEvent,
  type WatchStream,
} from "./index.ts";

const put = (mod: number, key: string, value: string, prev?: string | null): WatchedEvent => ({
  type: "put",
  mod,
  key,
  value,
  ...(prev === undefined ? {} : { prev }),
});
const gone = (mod: number, key: string): WatchedEvent => ({ type: "delete", mod, key });

/** Revision 4 wrote two keys. */
const HISTORY = [put(2, "a", "1"), put(3, "b", "1"), put(4, "a", "2"), put(4, "b", "2"), gone(5, "a"), put(6, "c", "1")];

const stream = (answers: WatchedEvent[][], more: Partial<WatchStream> = {}): WatchStream => ({
  name: "w",
  key: "a",
  end: "\0",
  start: 2,
  responses: answers.map((events) => ({ revision: events.at(-1)?.mod ?? 6, events })),
  until: 6,
  ...more,
});

const ALL = HISTORY.map((e) => e);
const CASES: { name: string; watch: WatchStream; wrong: RegExp | undefined }[] = [
  { name: "all at once", watch: stream([ALL]), wrong: undefined },
  { name: "piece by piece", watch: stream([ALL.slice(0, 1), ALL.slice(1, 4), ALL.slice(4)]), wrong: undefined },
  { name: "one key", watch: stream([[HISTORY[1]!], [HISTORY[3]!]], { key: "b", end: undefined! }), wrong: undefined },
  { name: "from the middle", watch: stream([ALL.slice(4)], { start: 5 }), wrong: undefined },
  { name: "no deletions", watch: stream([ALL.filter((e) => e.type === "put")], { noDelete: true }), wrong: undefined },
  { name: "still on its way", watch: stream([ALL.slice(0, 4)], { until: 4 }), wrong: undefined },
  { name: "a dropped event", watch: stream([ALL.filter((e) => e.mod !== 3)]), wrong: /put b=1 at 3 is missing/ },
  { name: "the last one dropped", watch: stream([ALL.slice(0, 5)]), wrong: /put c=1 at 6 never came/ },
  { name: "an event twice", watch: stream([ALL.slice(0, 2), ALL.slice(1)]), wrong: /put b=1 at 3 came twice/ },
  { name: "two exchanged", watch: stream([[ALL[1]!], [ALL[0]!], ALL.slice(2)]), wrong: /put a=1 at 2 is missing/ },
  { name: "out of order in one answer", watch: stream([[ALL[1]!, ALL[0]!, ...ALL.slice(2)]]), wrong: /out of order/ },
  { name: "another value", watch: stream([[put(2, "a", "7"), ...ALL.slice(1)]]), wrong: /put a=7 at 2 came instead of put a=1/ },
  { name: "something nobody wrote", watch: stream([[...ALL, put(7, "d", "1")]], { until: 7 }), wrong: /which nobody wrote/ },
  { name: "before its start", watch: stream([ALL], { start: 3 }), wrong: /is missing: put a=1 at 2 came in its place/ },
  { name: "half a revision", watch: stream([ALL.slice(0, 3), ALL.slice(3)]), wrong: /revision 4 came in two answers/ },
  { name: "told too early", watch: stream([ALL.slice(0, 4), [], ALL.slice(4)]), wrong: /progress of 6 was told before delete a at 5/ },
];

for (const { name, watch, wrong } of CASES) {
  test(`watch: ${name}`, () => {
    const found = checkWatch(watch, HISTORY);
    if (wrong) assert.match(found ?? "nothing found", wrong);
    else assert.equal(found, undefined);
  });
}

test("a wrong previous value is found", () => {
  const history = [put(2, "a", "1", null), put(3, "a", "2", "1")];
  const shows = (prev: string | null) => stream([[history[0]!, put(3, "a", "2", prev)]], { until: 3 });
  assert.equal(checkWatch(shows("1"), history), undefined);
  assert.match(checkWatch(shows(null), history)!, /before: null/);
});

test("streams make up the history; where they disagree it is said", () => {
  const evens = stream([[ALL[0]!], ALL.slice(2, 4)]);
  const odds = stream([[ALL[1]!], ALL.slice(4)]);
  assert.deepEqual(mergeHistory([evens, odds]), { history: HISTORY, conflict: undefined });
  assert.match(mergeHistory([evens, stream([[put(2, "a", "other")]])]).conflict!, /shows put a=other at 2, another stream put a=1 at 2/);
});

type Op = Operation<KvInput, KvOutput>;
const write = (key: string, value: string, call: number, end: number, revision?: number): Op => ({
  client: 1,
  call,
  return: revision === undefined ? Infinity : end,
  input: { kind: "put", key, value },
  output: revision === undefined ? undefined : { kind: "put", revision },
});

test("acknowledged writes are there, once, and in real time's order", () => {
  const two = [put(2, "a", "1"), put(3, "a", "2")];
  const both = [write("a", "1", 0, 1, 2), write("a", "2", 2, 3, 3)];
  assert.equal(checkAcknowledged(both, two), undefined);
  assert.match(checkAcknowledged(both, two.slice(0, 1))!, /a=2 was acknowledged at 3 and is not there/);
  assert.match(checkAcknowledged(both, [...two, put(4, "a", "1")])!, /a=1 took effect twice, at 2 and 4/);
  assert.match(checkAcknowledged(both.slice(0, 1), two)!, /a=2 at 3: nobody wrote it/);
  const late = [write("a", "2", 0, 1, 3), write("a", "1", 2, 3, 2)];
  assert.match(checkAcknowledged(late, two)!, /answered at revision 2, after client 1 had been answered at 3/);
});

test("unanswered writes are cleared up by the events", () => {
  const ops = [write("a", "1", 0, 0), write("a", "2", 0, 0), write("b", "1", 0, 0)];
  const history = [put(2, "a", "2")];
  assert.deepEqual(settle(ops, history), [{ ...ops[1], output: { kind: "put", revision: 2 } }]);
});

test("hundreds of unanswered writes are no trouble once settled", () => {
  const ops: Op[] = [];
  const history: WatchedEvent[] = [];
  for (let i = 0; i < 2000; i++) {
    const lost = i % 3 === 0;
    const happens = i % 6 !== 0;
    const revision = history.length + 2;
    ops.push(lost ? write("a", `${i}`, i, 0) : write("a", `${i}`, i, i + 3, revision));
    if (happens) history.push(put(revision, "a", `${i}`));
  }
  const settled = settle(ops, history);
  assert.equal(settled.length, history.length);
  assert.equal(checkLinearizable(kvModel, settled).verdict, "linearizable");
});
