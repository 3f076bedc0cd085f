import type { Model, Operation } from "./operation.ts";
import { search } from "./search.ts";

export type Verdict = { readonly verdict: "linearizable" } | { readonly verdict: "violation" | "undecided"; readonly message: string };

/** Far more than sound histories need; a search that takes longer is given up. */
const STEPS_MAX = 2_000_000;

/**
 * Judges a history: is there an order of all operations that respects real time
 * and that the model allows? Each group of operations that share a part (a key)
 * is judged by itself, as Porcupine does; linearizability is compositional
 * (Herlihy and Wing, 1990, theorem 1).
 */
export function checkLinearizable<S, I, O>(model: Model<S, I, O>, operations: readonly Operation<I, O>[], steps_max = STEPS_MAX): Verdict {
  let undecided: Verdict | undefined;
  for (const [part, group] of partition(model, operations)) {
    const result = search(model, group, steps_max);
    if (result.verdict === "undecided") undecided = { verdict: "undecided", message: `${part}: given up after ${steps_max} steps` };
    if (result.verdict !== "violation") continue;
    const line = (o: Operation<I, O>) => `  client ${o.client} [${o.call}, ${o.return}] ${model.describe(o.input, o.output)}`;
    const message = [
      `${part}: no order of the ${group.length} operations explains the answers. The longest that does ends with`,
      ...result.longest.map(line),
      "and leaves no place for",
      line(result.stuck),
    ].join("\n");
    return { verdict: "violation", message };
  }
  return undecided ?? { verdict: "linearizable" };
}

/** Groups of operations that are connected by common parts, named by their parts. */
export function partition<S, I, O>(model: Model<S, I, O>, operations: readonly Operation<I, O>[]): Map<string, Operation<I, O>[]> {
  const parent = new Map<string, string>();
  const rootOf = (part: string): string => {
    let root = part;
    for (let up = parent.get(root); up !== undefined && up !== root; up = parent.get(root)) root = up;
    parent.set(part, root);
    return root;
  };
  for (const { input } of operations) {
    const parts = model.parts(input);
    const root = rootOf(parts[0] ?? "");
    for (const other of parts.slice(1)) parent.set(rootOf(other), root);
  }
  const groups = new Map<string, Operation<I, O>[]>();
  for (const operation of operations) {
    const root = rootOf(model.parts(operation.input)[0] ?? "");
    const group = groups.get(root);
    if (group) group.push(operation);
    else groups.set(root, [operation]);
  }
  return groups;
}
