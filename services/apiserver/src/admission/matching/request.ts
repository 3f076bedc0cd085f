import type { KubeObject, ResourceDefinition } from "@flotilla/api";
import type { AdmissionAttributes } from "../admission.ts";
import { asView } from "./rules.ts";

const OPTIONS: Record<string, string> = { CREATE: "CreateOptions", UPDATE: "UpdateOptions", DELETE: "DeleteOptions" };

/** admission.k8s.io/v1 AdmissionRequest without its uid: what webhooks are sent, and expressions call `request`. */
export function admissionRequest(
  attributes: AdmissionAttributes,
  view: ResourceDefinition,
  object: KubeObject | undefined,
  old: KubeObject | undefined,
): Record<string, unknown> {
  const { definition, subresource, user, operation, name, namespace, dryRun } = attributes;
  const show = (one: KubeObject | undefined) => (one === undefined ? null : subresource === "" ? asView(one, definition, view) : one);
  const sub = subresource === "" ? {} : { subResource: subresource, requestSubResource: subresource };
  return {
    kind: kindOf(view, subresource),
    resource: { group: view.group, version: view.version, resource: view.resource },
    requestKind: kindOf(definition, subresource),
    requestResource: { group: definition.group, version: definition.version, resource: definition.resource },
    ...sub,
    ...(name === "" ? {} : { name }),
    ...(namespace === "" ? {} : { namespace }),
    operation,
    userInfo: {
      username: user.name,
      ...(user.uid ? { uid: user.uid } : {}),
      groups: user.groups,
      ...(user.extra && Object.keys(user.extra).length > 0 ? { extra: user.extra } : {}),
    },
    object: show(object),
    oldObject: show(old),
    dryRun,
    options: OPTIONS[operation] ? { kind: OPTIONS[operation], apiVersion: "meta.k8s.io/v1", ...(dryRun ? { dryRun: ["All"] } : {}) } : null,
  };
}

/** The kind that the request's body has. */
function kindOf(definition: ResourceDefinition, subresource: string): { group: string; version: string; kind: string } {
  const sub = definition.subresources.find(({ name }) => name === subresource);
  if (!sub || sub.style === "status" || sub.style === "object") {
    return { group: definition.group, version: definition.version, kind: definition.kind };
  }
  return { group: sub.group ?? definition.group, version: sub.version ?? definition.version, kind: sub.kind };
}
