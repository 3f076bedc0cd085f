import type { LabelSelector } from "@flotilla/api";

type Labels = Record<string, string> | undefined;

/** metav1.LabelSelector against labels. An empty selector matches everything, an absent one nothing. */
export function matchesSelector(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (!selector) return false;
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) if (labels?.[key] !== value) return false;
  return (selector.matchExpressions ?? []).every((r) => matchesRequirement(r, labels));
}

export interface Requirement {
  key: string;
  operator: string;
  values?: string[];
}

function matchesRequirement(r: Requirement, labels: Labels): boolean {
  const value = labels?.[r.key];
  const has = value !== undefined;
  switch (r.operator) {
    case "In":
      return has && (r.values ?? []).includes(value);
    case "NotIn":
      return !has || !(r.values ?? []).includes(value);
    case "Exists":
      return has;
    case "DoesNotExist":
      return !has;
    default:
      return false;
  }
}

/** A service's or replication controller's plain map: empty matches nothing here. */
export function matchesLabels(selector: Record<string, string> | undefined, labels: Labels): boolean {
  const entries = Object.entries(selector ?? {});
  return entries.length > 0 && entries.every(([k, v]) => labels?.[k] === v);
}

/** The string form of a label selector: "a=b,c!=d,e in (f,g),h notin (i),j,!k". */
export function parseLabelSelector(text: string): Requirement[] {
  const parts = text.match(/(?:[^,(]|\([^)]*\))+/g) ?? [];
  return parts
    .map((p) => p.trim())
    .filter((p) => p !== "")
    .map(parseRequirement);
}

function parseRequirement(part: string): Requirement {
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(part);
  if (set) {
    const values = set[3]!.split(",").map((v) => v.trim());
    return { key: set[1]!, operator: set[2] === "in" ? "In" : "NotIn", values };
  }
  const pair = /^([^!=\s]+)\s*(!=|==?)\s*(\S*)$/.exec(part);
  if (pair) return { key: pair[1]!, operator: pair[2] === "!=" ? "NotIn" : "In", values: [pair[3]!] };
  if (part.startsWith("!")) return { key: part.slice(1).trim(), operator: "DoesNotExist" };
  return { key: part, operator: "Exists" };
}

export function matchesRequirements(requirements: Requirement[], labels: Labels): boolean {
  return requirements.every((r) => matchesRequirement(r, labels));
}

/** LabelSelector as the string a list or watch takes. */
export function formatLabelSelector(selector: LabelSelector): string {
  const parts = Object.entries(selector.matchLabels ?? {}).map(([k, v]) => `${k}=${v}`);
  for (const r of selector.matchExpressions ?? []) {
    if (r.operator === "Exists") parts.push(r.key);
    else if (r.operator === "DoesNotExist") parts.push(`!${r.key}`);
    else parts.push(`${r.key} ${r.operator === "In" ? "in" : "notin"} (${(r.values ?? []).join(",")})`);
  }
  return parts.sort().join(",");
}

/** Field selectors compare the string form of a dotted path; a missing field is "". */
export function matchesFields(selector: string | undefined, object: unknown): boolean {
  for (const part of (selector ?? "").split(",")) {
    const match = /^\s*([^!=]+?)\s*(!=|==?)\s*(.*?)\s*$/.exec(part);
    if (!match) continue;
    const value = match[1]!.split(".").reduce<any>((o, key) => o?.[key], object);
    const equal = String(value ?? "") === match[3];
    if (equal !== (match[2] !== "!=")) return false;
  }
  return true;
}
