import {
  type KubeObject,
  labelSelectorMatcher,
  type Registry,
  type ResourceDefinition,
  type ValidatingAdmissionPolicy,
  type ValidatingAdmissionPolicyBinding,
} from "@flotilla/api";
import { cacheOf, keyOf, keyPrefix, viewOf } from "../../registry/kernel.ts";
import type { Store } from "../../storage/store.ts";
import type { AdmissionAttributes } from "../admission.ts";

type ParamKind = NonNullable<ValidatingAdmissionPolicy["spec"]>["paramKind"];
type ParamRef = NonNullable<ValidatingAdmissionPolicyBinding["spec"]>["paramRef"];

/**
 * The parameters with which a binding asks its policy: [null] for none. Empty: none was found, and that is fine.
 * @throws Error when that is not fine, in upstream's words.
 */
export function paramsOf(
  ports: { store: Store; definitions: Registry },
  kind: ParamKind,
  reference: ParamRef,
  attributes: AdmissionAttributes,
): (KubeObject | null)[] {
  if (!kind || !reference) return [null];
  const { apiVersion = "", kind: name = "" } = kind;
  const slash = apiVersion.indexOf("/");
  const definition = ports.definitions.findKind(slash < 0 ? "" : apiVersion.slice(0, slash), apiVersion.slice(slash + 1), name);
  if (!definition?.storage) throw new Error(`failed to find resource referenced by paramKind: '${apiVersion}, Kind=${name}'`);
  const found = find(ports.store, definition, reference, namespaceOf(definition, reference, attributes));
  if (found.length === 0 && reference.parameterNotFoundAction === "Deny") {
    throw new Error("no params found for policy binding with `Deny` parameterNotFoundAction");
  }
  return found;
}

/** Parameters of a namespaced kind live where the binding says, or where the object lives. */
function namespaceOf(definition: ResourceDefinition, reference: NonNullable<ParamRef>, attributes: AdmissionAttributes): string {
  if (!definition.namespaced) {
    if (reference.namespace) throw new Error("paramRef.namespace must not be provided for a cluster-scoped `paramKind`");
    return "";
  }
  const namespace = reference.namespace || (attributes.definition.namespaced ? attributes.namespace : "");
  if (namespace === "") throw new Error("cannot use namespaced paramRef in policy binding that matches cluster-scoped resources");
  return namespace;
}

function find(store: Store, definition: ResourceDefinition, { name, selector }: NonNullable<ParamRef>, namespace: string): KubeObject[] {
  const cache = cacheOf({ store }, definition);
  if (name) {
    const entry = cache.get(keyOf(definition, namespace, name));
    return entry ? [viewOf(definition, entry).object] : [];
  }
  const matcher = labelSelectorMatcher(selector);
  return Array.from(cache.scan(keyPrefix(definition, namespace)), (entry) => viewOf(definition, entry).object).filter(({ metadata }) =>
    matcher.matches(metadata.labels),
  );
}
