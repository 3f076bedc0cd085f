import type { Model } from "./operation.ts";

/**
 * etcd's keys as a sequential object: gets, puts, deletes and transactions with
 * comparisons (compare-and-swap), as api/v3 describes them. Revisions take part:
 * an answer's header revision must fit the order, and what a get shows must be
 * the version that the order puts there.
 */
export type KvInput =
  | { readonly kind: "get"; readonly key: string }
  | { readonly kind: "put"; readonly key: string; readonly value: string }
  | { readonly kind: "delete"; readonly key: string }
  | {
      readonly kind: "txn";
      readonly compare: readonly KvCompare[];
      readonly success: readonly KvStep[];
      readonly failure: readonly KvStep[];
    };

export type KvStep = Exclude<KvInput, { kind: "txn" }>;

export interface KvCompare {
  readonly key: string;
  /** A missing key has version, mod and create 0; its value equals nothing. */
  readonly target: "value" | "version" | "mod" | "create";
  readonly result?: "equal" | "not-equal" | "greater" | "less";
  readonly operand: string | number;
}

/** What a client was answered. What it did not look at is left out and not checked. */
export type KvOutput =
  | ({ readonly kind: "get"; readonly revision?: number } & Seen)
  | { readonly kind: "put"; readonly revision?: number }
  | { readonly kind: "delete"; readonly deleted?: number; readonly revision?: number }
  | { readonly kind: "txn"; readonly succeeded: boolean; readonly responses?: readonly KvOutput[]; readonly revision?: number };

interface Seen {
  /** null when there is no such key. */
  readonly value: string | null;
  readonly mod?: number;
  readonly create?: number;
  readonly version?: number;
}

/** `mod` and `create` are undefined while nobody has seen them: the writer was not answered. */
interface Entry {
  readonly value: string;
  readonly mod: number | undefined;
  readonly create: number | undefined;
  readonly version: number;
  /** An unseen `mod` is greater than this. */
  readonly above: number;
}

export interface KvState {
  /** The highest revision known so far. */
  readonly revision: number;
  readonly entries: ReadonlyMap<string, Entry>;
}

type KvModel = Model<KvState, KvInput, KvOutput>;

export const kvModel: KvModel = {
  init: () => ({ revision: 0, entries: new Map() }),
  step: (state, input, output) => (output === undefined ? stepUnknown(state, input) : stepKnown(state, input, output)),
  key: ({ revision, entries }) => {
    let key = `${revision}`;
    for (const [k, e] of [...entries].sort(([a], [b]) => (a < b ? -1 : 1))) {
      key += `\n${JSON.stringify(k)}${JSON.stringify(e.value)} ${e.mod} ${e.create} ${e.version} ${e.above}`;
    }
    return key;
  },
  parts: (input) => (input.kind === "txn" ? [...input.compare, ...input.success, ...input.failure].map((x) => x.key) : [input.key]),
  describe: (input, output) => `${describeInput(input)} -> ${output ? describeOutput(output) : "?"}`,
};

function stepKnown(state: KvState, input: KvInput, output: KvOutput): KvState[] {
  if (input.kind === "txn") {
    if (output.kind !== "txn") return [];
    let next: KvState | undefined = state;
    for (const c of input.compare) if (output.succeeded && next) next = learn(next, c);
    if (!next) return [];
    if (!output.succeeded && !input.compare.some((c) => compare(state, c) !== true)) return [];
    return apply(next, output.succeeded ? input.success : input.failure, output.responses, output.revision);
  }
  return apply(state, [input], [output], output.revision);
}

/** Every state that may come of it, the unchanged one included by leaving it out. */
function stepUnknown(state: KvState, input: KvInput): KvState[] {
  if (input.kind !== "txn") return apply(state, [input], undefined, undefined);
  const holds = input.compare.map((c) => compare(state, c));
  if (holds.includes(false)) return apply(state, input.failure, undefined, undefined);
  const success = apply(state, input.success, undefined, undefined);
  return holds.includes(undefined) ? [...success, ...apply(state, input.failure, undefined, undefined)] : success;
}

/** The steps one after the other, sharing one revision. */
function apply(
  state: KvState,
  steps: readonly KvStep[],
  outputs: readonly KvOutput[] | undefined,
  revision: number | undefined,
): KvState[] {
  let { entries, revision: floor } = state;
  let wrote = false;
  const set = (key: string, entry: Entry | undefined) => {
    const copy = new Map(entries);
    if (entry) copy.set(key, entry);
    else copy.delete(key);
    entries = copy;
  };
  for (const [i, step] of steps.entries()) {
    const output = outputs?.[i];
    if (output && output.kind !== step.kind) return [];
    const entry = entries.get(step.key);
    if (step.kind === "put") {
      wrote = true;
      const create = entry ? entry.create : revision;
      set(step.key, { value: step.value, mod: revision, create, version: (entry?.version ?? 0) + 1, above: state.revision });
    } else if (step.kind === "delete") {
      const deleted = entry ? 1 : 0;
      if (output?.kind === "delete" && output.deleted !== undefined && output.deleted !== deleted) return [];
      if (!entry) continue;
      wrote = true;
      set(step.key, undefined);
    } else if (output?.kind === "get") {
      const seen = see(entry, output);
      if (seen === false) return [];
      if (seen === entry) continue;
      set(step.key, seen);
      floor = Math.max(floor, seen?.mod ?? 0);
    }
  }
  if (revision !== undefined) {
    // A write moves the revision on; whoever only reads sees one that is not behind.
    if (revision < floor || (wrote && revision <= state.revision)) return [];
    floor = revision;
  }
  return floor === state.revision && entries === state.entries ? [state] : [{ revision: floor, entries }];
}

/** Does what a get showed agree with the entry? What it teaches of revisions is kept. */
function see(entry: Entry | undefined, seen: Seen): Entry | undefined | false {
  if (!entry) return seen.value === null ? undefined : false;
  if (seen.value !== entry.value || (seen.version !== undefined && seen.version !== entry.version)) return false;
  let { mod, create } = entry;
  if (seen.mod !== undefined) {
    if (mod === undefined ? seen.mod <= entry.above : mod !== seen.mod) return false;
    mod = seen.mod;
  }
  if (seen.create !== undefined) {
    if (create !== undefined && create !== seen.create) return false;
    create = seen.create;
  }
  return mod === entry.mod && create === entry.create ? entry : { ...entry, mod, create };
}

/** Does the comparison hold? undefined when it depends on a revision nobody has seen. */
function compare({ entries }: KvState, { key, target, result = "equal", operand }: KvCompare): boolean | undefined {
  const entry = entries.get(key);
  if (target === "value" && !entry) return false;
  const value = entry ? entry[target] : 0;
  if (value === undefined) return undefined;
  switch (result) {
    case "equal":
      return value === operand;
    case "not-equal":
      return value !== operand;
    case "greater":
      return value > operand;
    case "less":
      return value < operand;
  }
}

/** The state, given that the comparison held; undefined when it cannot have. */
function learn(state: KvState, c: KvCompare): KvState | undefined {
  const held = compare(state, c);
  if (held !== undefined) return held ? state : undefined;
  if ((c.result ?? "equal") !== "equal" || c.target === "value") return state;
  const entry = state.entries.get(c.key)!;
  const operand = c.operand as number;
  if (c.target === "mod" && operand <= entry.above) return undefined;
  return { ...state, entries: new Map(state.entries).set(c.key, { ...entry, [c.target]: operand }) };
}

function describeInput(input: KvInput): string {
  switch (input.kind) {
    case "put":
      return `put ${input.key}=${input.value}`;
    case "get":
    case "delete":
      return `${input.kind} ${input.key}`;
    case "txn": {
      const compares = input.compare.map((c) => `${c.target}(${c.key}) ${c.result ?? "equal"} ${c.operand}`).join(" and ");
      const branch = (steps: readonly KvStep[]) => `[${steps.map(describeInput).join("; ")}]`;
      return `if ${compares} then ${branch(input.success)} else ${branch(input.failure)}`;
    }
  }
}

function describeOutput(output: KvOutput): string {
  const at = output.revision === undefined ? "" : ` at revision ${output.revision}`;
  switch (output.kind) {
    case "get":
      return `${output.value === null ? "nothing" : `${output.value}${output.mod === undefined ? "" : ` of ${output.mod}`}`}${at}`;
    case "put":
      return `done${at}`;
    case "delete":
      return `${output.deleted ?? "?"} deleted${at}`;
    case "txn":
      return `${output.succeeded ? "succeeded" : "failed"}${(output.responses ?? []).map((r) => `, ${describeOutput(r)}`).join("")}${at}`;
  }
}
