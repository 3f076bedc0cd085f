import type { User } from "../request/call.ts";
import type { RequestInfo } from "../request/request-info.ts";
import type { Attributes } from "./authorizer.ts";

export function attributesOf(user: User, info: RequestInfo): Attributes {
  return {
    user,
    verb: info.verb,
    group: info.group,
    version: info.version,
    resource: info.resource,
    subresource: info.subresource,
    namespace: info.namespace,
    name: info.name,
    path: info.path,
    isResource: info.isResource,
  };
}

/** Attributes of a check that no request asks for directly: impersonation, bind, escalate. */
export function checkOf(
  user: User,
  verb: string,
  what: { group?: string; resource: string; subresource?: string; namespace?: string; name?: string },
): Attributes {
  return {
    user,
    verb,
    group: what.group ?? "",
    version: "",
    resource: what.resource,
    subresource: what.subresource ?? "",
    namespace: what.namespace ?? "",
    name: what.name ?? "",
    path: "",
    isResource: true,
  };
}
