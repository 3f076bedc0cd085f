/**
 * Structs that have one owner as a whole (upstream's `+structType=atomic` on the type; `x-kubernetes-map-type: atomic` in
 * OpenAPI): references and selectors, of which a part alone would mean something else.
 */
export const ATOMIC_TYPES: ReadonlySet<string> = new Set([
  "admissionregistration/v1.MatchResources",
  "admissionregistration/v1.NamedRuleWithOperations",
  "admissionregistration/v1.ParamKind",
  "admissionregistration/v1.ParamRef",
  "admissionregistration/v1.Variable",
  "autoscaling/v1.CrossVersionObjectReference",
  "core/v1.ConfigMapKeySelector",
  "core/v1.EndpointAddress",
  "core/v1.EndpointPort",
  "core/v1.LocalObjectReference",
  "core/v1.NodeSelector",
  "core/v1.NodeSelectorTerm",
  "core/v1.ObjectFieldSelector",
  "core/v1.ObjectReference",
  "core/v1.ResourceFieldSelector",
  "core/v1.ScopeSelector",
  "core/v1.ScopedResourceSelectorRequirement",
  "core/v1.SecretKeySelector",
  "core/v1.SecretReference",
  "core/v1.TopologySelectorTerm",
  "core/v1.TypedLocalObjectReference",
  "discovery/v1.EndpointPort",
  "meta/v1.LabelSelector",
  "rbac/v1.RoleRef",
  "rbac/v1.Subject",
]);
