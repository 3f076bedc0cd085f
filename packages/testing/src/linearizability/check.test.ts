import assert from "node:assert/strict";
import { test } from "node:test";
import { randomInt, seededRandom } from "@flotilla/base";
import { checkLinearizable, type KvInput, type KvOutput, kvModel, type Operation, partition } from "./index.ts";

type Op = Operation<KvInput, KvOutput>;

/**
 * One operation a line: "client call return what". What: `put a 1`, `get a 1`
 * (nothing: `get a -`), `delete a 1` (how many), `cas a 1 2 ok|no` (from, to);
 * `@r` is the header's revision, `?` an unknown outcome.
 */
function history(text: string): Op[] {
  return text
    .trim()
    .split("\n")
    .map((line) => {
      const [client, call, end, kind, key = "", ...rest] = line.trim().split(/\s+/);
      const unknown = rest.includes("?");
      const at = rest.find((w) => w.startsWith("@"));
      const revision = at === undefined ? {} : { revision: Number(at.slice(1)) };
      const of = rest.find((w) => w.startsWith("~"));
      const mod = of === undefined ? {} : { mod: Number(of.slice(1)) };
      const [first = "", second = ""] = rest;
      const [input, output] = ((): [KvInput, KvOutput] => {
        switch (kind) {
          case "put":
            return [
              { kind, key, value: first },
              { kind, ...revision },
            ];
          case "get":
            return [
              { kind, key },
              { kind, value: first === "-" ? null : first, ...revision, ...mod },
            ];
          case "delete":
            return [
              { kind, key },
              { kind, deleted: Number(first), ...revision },
            ];
          default: {
            const compare = [{ key, target: "value" as const, operand: first }];
            const success = [{ kind: "put" as const, key, value: second }];
            return [
              { kind: "txn", compare, success, failure: [] },
              { kind: "txn", succeeded: rest[2] === "ok", ...revision },
            ];
          }
        }
      })();
      const from = Number(call);
      return { client: client!, call: from, return: unknown ? Infinity : Number(end), input, output: unknown ? undefined : output };
    });
}

const GOOD: Record<string, string> = {
  "one after the other": `
    a 0 1 put x 1 @2
    b 2 3 get x 1 @2
    a 4 5 delete x 1 @3
    b 6 7 get x - @3`,
  "a read beside a write sees either": `
    a 0 9 put x 1
    b 1 2 get x -
    c 3 4 get x 1`,
  "a write that was never answered shows late": `
    a 0 1 put x 1
    b 2 0 put x 2 ?
    a 3 4 get x 1
    a 5 6 put x 3
    a 7 8 get x 2`,
  "or never": `
    b 0 0 put x 2 ?
    a 3 4 get x -`,
  "compare and swap, one of two wins": `
    a 0 1 put x 1
    a 2 9 cas x 1 2 ok
    b 2 9 cas x 1 3 no
    a 10 11 get x 2`,
  "an unanswered swap explains a failed one": `
    a 0 1 put x 1
    b 2 0 cas x 1 2 ok ?
    a 3 4 cas x 1 3 no
    a 5 6 get x 2`,
  "keys are judged apart": `
    a 0 9 put x 1
    a 0 9 put y 1
    b 1 2 get x 1
    b 3 4 get y -`,
  "revisions grow with the order": `
    a 0 9 put x 1 @3
    b 0 9 put x 2 @2
    c 10 11 get x 1 ~3 @3`,
};

const BAD: Record<string, string> = {
  "a stale read": `
    a 0 1 put x 1
    a 2 3 put x 2
    b 4 5 get x 1`,
  "a lost write": `
    a 0 1 put x 1
    b 2 3 get x -`,
  "a value from nowhere": `
    a 0 1 put x 1
    b 2 3 get x 7`,
  "new, then old again": `
    a 0 1 put x 1
    a 2 9 put x 2
    b 3 4 get x 2
    b 5 6 get x 1`,
  "two readers see two writes in different orders": `
    a 0 9 put x 1
    b 0 9 put x 2
    c 10 11 get x 1
    d 12 13 get x 2`,
  "both swaps win": `
    a 0 1 put x 1
    a 2 9 cas x 1 2 ok
    b 2 9 cas x 1 3 ok`,
  "no swap wins": `
    a 0 1 put x 1
    a 2 9 cas x 1 2 no`,
  "deleted twice": `
    a 0 1 put x 1
    a 2 9 delete x 1
    b 2 9 delete x 1`,
  "an unanswered write took effect before it was called": `
    b 1 2 get x 2
    a 3 0 put x 2 ?`,
  "an unanswered write took effect twice": `
    a 0 0 put x 1 ?
    b 1 2 get x 1
    b 3 4 put x 2
    b 5 6 get x 1
    b 7 8 put x 3
    b 9 10 get x 1`,
  "revisions against the order": `
    a 0 1 put x 1 @3
    b 2 3 put x 2 @2`,
  "two writes of one revision": `
    a 0 9 put x 1 @2
    b 0 9 put x 2 @2`,
  "a read at a revision before the write it follows": `
    a 0 1 put x 1 @5
    b 2 3 get x 1 @4`,
  "a version with another revision than the write": `
    a 0 1 put x 1 @5
    b 2 3 get x 1 ~4 @5`,
};

for (const [name, text] of Object.entries(GOOD)) {
  test(`allowed: ${name}`, () => {
    const result = checkLinearizable(kvModel, history(text));
    assert.equal(result.verdict, "linearizable", "message" in result ? result.message : "");
  });
}

for (const [name, text] of Object.entries(BAD)) {
  test(`refused: ${name}`, () => {
    assert.equal(checkLinearizable(kvModel, history(text)).verdict, "violation");
  });
}

test("the message shows how far any order gets, and what stops it", () => {
  const result = checkLinearizable(kvModel, history(BAD["a stale read"]!));
  assert.ok("message" in result);
  assert.match(result.message, /^x: no order of the 3 operations.*put x=2 -> done.*no place for\n {2}client b \[4, 5\] get x -> 1$/s);
});

test("transactions on two keys join their parts", () => {
  const put = (key: string): Op => ({ client: 1, call: 0, return: 1, input: { kind: "put", key, value: "1" }, output: { kind: "put" } });
  const steps = ["a", "b"].map((key) => ({ kind: "put" as const, key, value: "2" }));
  const both: Op = { client: 2, call: 2, return: 3, input: { kind: "txn", compare: [], success: steps, failure: [] }, output: undefined };
  assert.deepEqual([...partition(kvModel, [put("a"), put("b"), put("c"), both]).values()].map((group) => group.length).sort(), [1, 3]);
});

/** What a correct store would answer `clients` at once: each operation takes effect somewhere between its call and its answer. */
function generate(seed: number, count: number, clients: number, unknownShare: number): Op[] {
  const random = seededRandom(seed);
  const free = Array.from({ length: clients }, () => 0);
  const planned = Array.from({ length: count }, (_, i) => {
    const client = randomInt(random, clients);
    const call = free[client]! + random.next();
    const effect = call + random.next() * 5;
    free[client] = effect + random.next() * 5;
    return { client, call, effect, return: free[client]!, id: i, lost: random.next() < unknownShare };
  });
  let value: string | null = null;
  let [mod, revision] = [0, 1];
  const out: Op[] = [];
  for (const p of planned.sort((a, b) => a.effect - b.effect)) {
    const dice = random.next();
    const done = (input: KvInput, output: KvOutput) => {
      const unknown = p.lost && input.kind !== "get";
      out.push({ client: p.client, call: p.call, return: unknown ? Infinity : p.return, input, output: unknown ? undefined : output });
    };
    const never = p.lost && random.next() < 0.5;
    if (dice < 0.5) done({ kind: "get", key: "k" }, { kind: "get", value, mod, revision });
    else if (dice < 0.8) {
      const input: KvInput = { kind: "put", key: "k", value: `v${p.id}` };
      if (!never) [value, mod, revision] = [input.value, revision + 1, revision + 1];
      done(input, { kind: "put", revision });
    } else {
      const operand = random.next() < 0.8 ? (value ?? "none") : `v${randomInt(random, count)}`;
      const success = [{ kind: "put" as const, key: "k", value: `v${p.id}` }];
      const succeeded = operand === value;
      if (succeeded && !never) [value, mod, revision] = [`v${p.id}`, revision + 1, revision + 1];
      const input: KvInput = { kind: "txn", compare: [{ key: "k", target: "value", operand }], success, failure: [] };
      done(input, { kind: "txn", succeeded, revision });
    }
  }
  return out;
}

/** As most stores are: without revisions, so that only values tell the order. */
const withoutRevisions = (ops: readonly Op[]): Op[] =>
  ops.map((o) => {
    if (o.output === undefined) return o;
    const { revision: _, ...output } = o.output;
    return { ...o, output: output.kind === "get" ? { kind: "get", value: output.value } : output } as Op;
  });

test("true histories pass, and fast: thousands of operations on one key", () => {
  for (let seed = 1; seed <= 3; seed++) {
    const ops = generate(seed, 5000, 12, 0);
    assert.equal(checkLinearizable(kvModel, ops).verdict, "linearizable", `seed ${seed}`);
    assert.equal(checkLinearizable(kvModel, withoutRevisions(ops)).verdict, "linearizable", `seed ${seed}, without revisions`);
  }
});

test("true histories with unanswered writes pass", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const ops = generate(seed, 120, 6, 0.1);
    assert.equal(checkLinearizable(kvModel, ops).verdict, "linearizable", `seed ${seed}`);
    assert.equal(checkLinearizable(kvModel, withoutRevisions(ops)).verdict, "linearizable", `seed ${seed}, without revisions`);
  }
});

test("one false answer among hundreds is found", () => {
  for (let seed = 1; seed <= 30; seed++) {
    const ops = withoutRevisions(generate(seed, 400, 6, 0));
    const random = seededRandom(seed);
    // A read shows what had been overwritten long before it was called.
    const reads = ops.filter((o) => o.input.kind === "get" && o.call > 100 && o.output?.kind === "get" && o.output.value !== null);
    const victim = reads[randomInt(random, reads.length)]!;
    const old = ops.find((o) => o.input.kind === "put")!.input as { value: string };
    const bad = ops.map((o) => (o === victim ? { ...o, output: { kind: "get" as const, value: old.value } } : o));
    assert.equal(checkLinearizable(kvModel, bad).verdict, "violation", `seed ${seed}`);
  }
});

test("agrees with trying every order", () => {
  let violations = 0;
  for (let seed = 1; seed <= 300; seed++) {
    const random = seededRandom(seed);
    const ops = withoutRevisions(generate(seed, 6, 4, 0.2)).map((o): Op => {
      // Every other history has an answer that was made up.
      if (seed % 2 || o.output?.kind !== "get" || random.next() < 0.4) return o;
      return { ...o, output: { kind: "get", value: random.next() < 0.5 ? `v${randomInt(random, 6)}` : null } };
    });
    const expected = everyOrder(ops);
    if (!expected) violations++;
    assert.equal(checkLinearizable(kvModel, ops).verdict, expected ? "linearizable" : "violation", `seed ${seed}`);
  }
  assert.ok(violations > 20, `${violations} violations among them`);
});

/** The definition, word by word: any order, with any of the unanswered ones left out. */
function everyOrder(ops: readonly Op[]): boolean {
  const go = (left: readonly Op[], state: ReturnType<typeof kvModel.init>): boolean => {
    if (left.every((o) => o.output === undefined)) return true;
    return left.some((o) => {
      if (left.some((other) => other.return < o.call)) return false;
      const rest = left.filter((other) => other !== o);
      return kvModel.step(state, o.input, o.output).some((next) => go(rest, next));
    });
  };
  return go(ops, kvModel.init());
}
