import type { KvInput, KvOutput, KvStep } from "./kv-model.ts";
import type { Operation } from "./operation.ts";
import type { WatchedEvent } from "./watches.ts";

type KvOperation = Operation<KvInput, KvOutput>;

/**
 * Holds a history of operations against the events of all revisions. Values put
 * must differ from each other, so that each tells who wrote it. Finds, in linear
 * time and across all keys:
 *
 *  - an acknowledged write that is not there, or not as it was acknowledged
 *  - a write that took effect twice, or that nobody asked for
 *  - revisions against real time: answered before another was called, yet newer
 *
 * Returns the first thing that is wrong, undefined when nothing is.
 */
export function checkAcknowledged(operations: readonly KvOperation[], history: readonly WatchedEvent[]): string | undefined {
  return checkWrites(operations, history) ?? checkRealTime(operations);
}

function checkWrites(operations: readonly KvOperation[], history: readonly WatchedEvent[]): string | undefined {
  const byPlace = new Map(history.map((e) => [`${e.mod} ${e.key}`, e]));
  const asked = new Set<string>();
  for (const { input } of operations) for (const step of stepsOf(input)) if (step.kind === "put") asked.add(`${step.key}=${step.value}`);
  const seen = new Map<string, number>();
  for (const { type, key, value, mod } of history) {
    if (type !== "put") continue;
    const name = `${key}=${value}`;
    if (!asked.has(name)) return `${name} at ${mod}: nobody wrote it`;
    const before = seen.get(name);
    if (before !== undefined) return `${name} took effect twice, at ${before} and ${mod}`;
    seen.set(name, mod);
  }
  for (const { client, input, output } of operations) {
    if (!output || output.revision === undefined) continue;
    for (const step of branchOf(input, output)) {
      if (step.kind !== "put") continue;
      const event = byPlace.get(`${output.revision} ${step.key}`);
      const lost = event?.type !== "put" || event.value !== step.value;
      if (lost) return `client ${client}'s ${step.key}=${step.value} was acknowledged at ${output.revision} and is not there`;
    }
  }
  return undefined;
}

/** Header revisions never fall from an answer to a later call. */
function checkRealTime(operations: readonly KvOperation[]): string | undefined {
  const answered = operations.filter((o) => o.output?.revision !== undefined);
  const byCall = [...answered].sort((a, b) => a.call - b.call);
  const byReturn = [...answered].sort((a, b) => a.return - b.return);
  let newest: KvOperation | undefined;
  let done = 0;
  for (const op of byCall) {
    for (; done < byReturn.length && byReturn[done]!.return < op.call; done++) {
      if (!newest || byReturn[done]!.output!.revision! > newest.output!.revision!) newest = byReturn[done];
    }
    const [before, now] = [newest?.output?.revision ?? 0, op.output!.revision!];
    if (now < before) {
      return `client ${op.client} called at ${op.call} and was answered at revision ${now}, after client ${newest!.client} had been answered at ${before}`;
    }
  }
  return undefined;
}

/**
 * Clears up what became of unanswered writes, from the events: those that are
 * there get their answer, those that are not are left out, and the search has
 * less to guess. The history of events must be complete: nothing may come to
 * pass after it any more.
 */
export function settle(operations: readonly KvOperation[], history: readonly WatchedEvent[]): KvOperation[] {
  const revisionOf = new Map(history.filter((e) => e.type === "put").map((e) => [`${e.key}=${e.value}`, e.mod]));
  const found = (steps: readonly KvStep[]) => {
    for (const s of steps) if (s.kind === "put" && revisionOf.has(`${s.key}=${s.value}`)) return revisionOf.get(`${s.key}=${s.value}`);
    return undefined;
  };
  const mayHide = (steps: readonly KvStep[]) => steps.some((s) => s.kind === "delete") && !steps.some((s) => s.kind === "put");
  return operations.flatMap((o): KvOperation[] => {
    if (o.output !== undefined) return [o];
    const { input } = o;
    if (input.kind === "get") return [];
    if (input.kind === "delete") return [o];
    if (input.kind === "put") {
      const revision = found([input]);
      return revision === undefined ? [] : [{ ...o, output: { kind: "put", revision } }];
    }
    for (const succeeded of [true, false]) {
      const revision = found(succeeded ? input.success : input.failure);
      if (revision !== undefined) return [{ ...o, output: { kind: "txn", succeeded, revision } }];
    }
    return mayHide(input.success) || mayHide(input.failure) ? [o] : [];
  });
}

const stepsOf = (input: KvInput): readonly KvStep[] => (input.kind === "txn" ? [...input.success, ...input.failure] : [input]);

const branchOf = (input: KvInput, output: KvOutput): readonly KvStep[] => {
  if (input.kind !== "txn") return [input];
  return output.kind === "txn" && output.succeeded ? input.success : input.failure;
};
