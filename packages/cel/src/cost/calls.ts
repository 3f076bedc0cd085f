/** What calls cost: their arguments, and what each function makes of their sizes (cel-go and Kubernetes' libraries). */
import type { Node } from "../ast.ts";
import type { Overload } from "../functions.ts";
import { type CelType, typeText } from "../types.ts";
import { type Estimate, type Estimator, inner } from "./estimate.ts";
import { FUNCTIONS } from "./functions.ts";
import { eitherSize, PATTERN, plus, type Size, scaled, TRAVERSAL, times } from "./size.ts";

/** Of the call alone, without its arguments. */
export interface CallCost {
  cost: number;
  size?: Size | undefined;
}

/** `args` begin with the receiver, if there is one. */
export type CallEstimator = (args: readonly Estimate[], overload: Overload) => CallCost;

export const textCost = ({ size }: Estimate, factor = TRAVERSAL): number => scaled(size.max, factor);
/** Matching reads the text once, doing as much at each character as the pattern is long. */
export const patternCost = (text: Estimate, pattern: Estimate): number =>
  times(scaled(plus(text.size.max, 1), TRAVERSAL), scaled(pattern.size.max, PATTERN));
/** Comparing reads as far as the shorter one goes. */
export const compareCost = (a: Estimate, b: Estimate): number => scaled(Math.min(a.size.max, b.size.max), TRAVERSAL);

export function estimateCall(estimator: Estimator, node: Extract<Node, { kind: "call" }>): Estimate {
  const resolved = estimator.checked.calls.get(node);
  const receiver = node.target && !resolved?.namespaced ? [node.target] : [];
  const args = [...receiver, ...node.args].map((arg) => estimator.estimate(arg));
  const argsCost = args.reduce((sum, arg) => plus(sum, arg.cost), 0);
  if (node.name === "dyn") return estimator.made(node, plus(argsCost, 1), args[0]!.size, args[0]!.entries);
  if (node.name === "_==_" || node.name === "_!=_") return estimator.made(node, plus(argsCost, equalityCost(args[0]!, args[1]!)));
  if (!resolved) return estimator.made(node, argsCost);
  // Where only the values will tell which overload it is, the dearest one counts.
  let [cost, size]: [number, Size | undefined] = [0, undefined];
  for (const overload of resolved.overloads) {
    const found = FUNCTIONS.get(resolved.name)?.(args, overload) ?? { cost: 1 };
    cost = Math.max(cost, found.cost);
    if (found.size) size = size ? eitherSize(size, found.size) : found.size;
  }
  return estimator.made(node, plus(argsCost, cost), size, joined(resolved.name, args));
}

/** Values of the libraries' own types compare in a moment. */
function equalityCost(a: Estimate, b: Estimate): number {
  if (a.type.kind !== "opaque" || typeText(a.type) !== typeText(b.type)) return compareCost(a, b);
  return OPAQUE_EQUALITY[a.type.name] ?? 1;
}

const OPAQUE_EQUALITY: Record<string, number> = { "kubernetes.NamedFormat": 7 };

/** a + b holds what either one holds. */
function joined(name: string, [a, b]: readonly Estimate[]): Estimate["entries"] {
  if (name !== "_+_" || !a?.entries || !b?.entries) return undefined;
  return { key: eitherSize(a.entries.key, b.entries.key), value: eitherSize(a.entries.value, b.entries.value) };
}

/** How big an element of this list is, as far as anybody knows. */
export function elementOf({ declared, entries, type }: Estimate): { type: CelType | undefined; max: number | undefined } {
  const of = declared && inner(declared);
  const max = of && "size_max" in of ? of.size_max : entries?.value.max;
  return { type: type.kind === "list" ? type.element : undefined, max };
}
