import type { KubeObject, ResourceDefinition } from "@flotilla/api";
import { type CelType, compile, DYN, opaque, type Program } from "@flotilla/cel";
import type { Authorizer } from "../../authz/authorizer.ts";
import type { AdmissionAttributes } from "../admission.ts";
import { admissionRequest } from "../matching/request.ts";
import { asView } from "../matching/rules.ts";
import { AUTHORIZER_LIBRARY, AUTHORIZER_TYPE, AuthorizerValue, RESOURCE_CHECK_TYPE, ResourceCheck } from "./authorizer-library.ts";

/** The names that every admission expression may use. Types stay open: an object's shape depends on what it is about. */
const COMMON: Record<string, CelType> = {
  object: DYN,
  oldObject: DYN,
  request: DYN,
  authorizer: opaque(AUTHORIZER_TYPE),
  "authorizer.requestResource": opaque(RESOURCE_CHECK_TYPE),
};

/** Policies know these besides. */
export const POLICY_NAMES: Record<string, CelType> = { namespaceObject: DYN, params: DYN, variables: DYN };

/** @throws CompileError */
export const compileAdmission = (expression: string, more: Record<string, CelType> = {}): Program =>
  compile(expression, { variables: { ...COMMON, ...more }, libraries: [AUTHORIZER_LIBRARY] });

/** What the common names stand for in one request. */
export function bindingsOf(
  authorizer: Authorizer,
  attributes: AdmissionAttributes,
  view: ResourceDefinition,
  object: KubeObject | undefined,
  old: KubeObject | undefined,
): Record<string, unknown> {
  const { definition, subresource, namespace, name, user } = attributes;
  const caller = new AuthorizerValue(authorizer, user);
  const show = (one: KubeObject | undefined) => (one === undefined ? null : subresource === "" ? asView(one, definition, view) : one);
  const { group, version, resource } = definition;
  return {
    object: show(object),
    oldObject: show(old),
    request: admissionRequest(attributes, view, object, old),
    authorizer: caller,
    "authorizer.requestResource": new ResourceCheck(caller, { group, version, resource, subresource, namespace, name }),
  };
}
