import type { KubeObject, ResourceDefinition } from "@flotilla/api";
import { type Access, AuthorizerValue, ResourceCheck } from "@flotilla/kube-cel";
import type { Authorizer } from "../../authz/authorizer.ts";
import type { User } from "../../request/call.ts";
import type { AdmissionAttributes } from "../admission.ts";
import { admissionRequest } from "../matching/request.ts";
import { asView } from "../matching/rules.ts";

/** What the common names stand for in one request. */
export function bindingsOf(
  authorizer: Authorizer,
  attributes: AdmissionAttributes,
  view: ResourceDefinition,
  object: KubeObject | undefined,
  old: KubeObject | undefined,
): Record<string, unknown> {
  const { definition, subresource, namespace, name, user } = attributes;
  const access = accessOf(authorizer, user);
  const show = (one: KubeObject | undefined) => (one === undefined ? null : subresource === "" ? asView(one, definition, view) : one);
  const { group, version, resource } = definition;
  return {
    object: show(object),
    oldObject: show(old),
    request: admissionRequest(attributes, view, object, old),
    authorizer: new AuthorizerValue(access),
    "authorizer.requestResource": new ResourceCheck(access, { group, version, resource, subresource, namespace, name }),
  };
}

/** Expressions ask our authorizer. Selectors narrow down what is asked for; none of our modes grants by them. */
function accessOf(authorizer: Authorizer, user: User): Access {
  return {
    check({ verb, group = "", version = "*", resource = "", subresource = "", namespace = "", name = "", path }) {
      const isResource = path === undefined;
      return authorizer.authorize({ user, verb, group, version, resource, subresource, namespace, name, path: path ?? "", isResource });
    },
    as(namespace, name) {
      const groups = ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"];
      return accessOf(authorizer, { name: `system:serviceaccount:${namespace}:${name}`, groups });
    },
  };
}
