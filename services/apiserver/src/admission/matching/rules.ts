import type { KubeObject, LabelMatcher, Registry, ResourceDefinition } from "@flotilla/api";
import type { AdmissionAttributes } from "../admission.ts";

/** One rule of a webhook or policy: which operations on which resources. */
export interface Rule {
  operations?: string[];
  apiGroups?: string[];
  apiVersions?: string[];
  resources?: string[];
  /** Policies only: names of objects. */
  resourceNames?: string[];
  scope?: string;
}

const GROUP = "admissionregistration.k8s.io";

/** What configures admission is not subject to it: nobody may lock everybody out. */
export const isExempt = ({ definition }: AdmissionAttributes): boolean => definition.group === GROUP;

type View = Pick<ResourceDefinition, "group" | "version" | "resource">;

export function ruleMatches(rule: Rule, attributes: AdmissionAttributes, view: View): boolean {
  return (
    has(rule.operations, attributes.operation) &&
    has(rule.apiGroups, view.group) &&
    has(rule.apiVersions, view.version) &&
    (rule.resources ?? []).some((pattern) => resourceMatches(pattern, view.resource, attributes.subresource)) &&
    scopeMatches(rule.scope ?? "*", attributes) &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(attributes.name))
  );
}

const has = (values: readonly string[] | undefined, wanted: string): boolean =>
  values !== undefined && (values.includes("*") || values.includes(wanted));

/** "pods" is not its subresources; "pods/*" is the pods as well. */
function resourceMatches(pattern: string, resource: string, subresource: string): boolean {
  const [name, sub = ""] = pattern.split("/") as [string, string?];
  return (name === "*" || name === resource) && (sub === "*" || sub === subresource);
}

function scopeMatches(scope: string, { definition }: AdmissionAttributes): boolean {
  return scope === "*" || (scope === "Namespaced") === definition.namespaced;
}

/**
 * The view of the object in which the rules ask for it: its own, or with matchPolicy Equivalent another group or
 * version under which the same objects are served.
 */
export function matchedView(
  definitions: Registry,
  rules: readonly Rule[],
  matchPolicy: string | undefined,
  attributes: AdmissionAttributes,
): ResourceDefinition | undefined {
  const { definition } = attributes;
  if (rules.some((rule) => ruleMatches(rule, attributes, definition))) return definition;
  if (matchPolicy === "Exact" || !definition.storage) return undefined;
  return viewsOf(definitions, definition).find((view) => rules.some((rule) => ruleMatches(rule, attributes, view)));
}

/** All definitions of the same stored objects but this one. */
function viewsOf(definitions: Registry, definition: ResourceDefinition): ResourceDefinition[] {
  const { group, resource } = definition.storage!;
  return definitions.all().filter((other) => other !== definition && other.storage?.group === group && other.storage.resource === resource);
}

/** The object as another view of its kind shows it. */
export function asView(object: KubeObject, from: ResourceDefinition, to: ResourceDefinition): KubeObject {
  if (from === to) return object;
  const stored = from.storage?.toStored?.(object) ?? object;
  const shown = to.storage?.fromStored?.(stored) ?? stored;
  return { ...shown, apiVersion: to.group === "" ? to.version : `${to.group}/${to.version}`, kind: to.kind };
}

/** Labels of what the request is about, before or after. An object without metadata matches only the empty selector. */
export function objectMatches(selector: LabelMatcher, object: KubeObject | undefined, old: KubeObject | undefined): boolean {
  if (selector.empty) return true;
  return [object, old].some((one) => one?.metadata !== undefined && selector.matches(one.metadata.labels));
}

/** Labels of the namespace; objects in no namespace are in every selection. */
export function namespaceMatches(
  selector: LabelMatcher,
  attributes: AdmissionAttributes,
  namespace: KubeObject | undefined,
  object: KubeObject | undefined,
  old: KubeObject | undefined,
): boolean {
  if (selector.empty) return true;
  const { definition } = attributes;
  if (definition.group === "" && definition.resource === "namespaces") return selector.matches((object ?? old)?.metadata?.labels);
  return !definition.namespaced || selector.matches(namespace?.metadata.labels);
}
