/** Which nodes a pod may run on: nodeSelector and required node affinity (component-helpers nodeaffinity). */
import { matchesLabels, matchesRequirement, type SelectorOperator } from "./selectors.ts";
import type { Node, PodSpec } from "./types.ts";

interface NodeSelectorRequirement {
  key: string;
  operator: string;
  values?: string[];
}

export interface NodeSelectorTerm {
  matchExpressions?: NodeSelectorRequirement[];
  matchFields?: NodeSelectorRequirement[];
}

const OPERATORS: Record<string, SelectorOperator> = { In: "in", NotIn: "notin", Exists: "exists", DoesNotExist: "!", Gt: "gt", Lt: "lt" };

export function matchesNodeAffinity(spec: PodSpec, node: Node): boolean {
  if (spec.nodeSelector && !matchesLabels(spec.nodeSelector, node.metadata.labels)) return false;
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || required.nodeSelectorTerms.some((term) => matchesNodeSelectorTerm(term, node));
}

/** An empty term matches nothing. */
export function matchesNodeSelectorTerm(term: NodeSelectorTerm, node: Node): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length === 0 && fields.length === 0) return false;
  const named = { "metadata.name": node.metadata.name ?? "" };
  return (
    expressions.every((requirement) => matches(requirement, node.metadata.labels)) &&
    fields.every((requirement) => matches(requirement, named))
  );
}

function matches({ key, operator, values }: NodeSelectorRequirement, labels: Record<string, string> | undefined): boolean {
  const known = OPERATORS[operator];
  return known !== undefined && matchesRequirement({ key, operator: known, values: values ?? [] }, labels);
}
