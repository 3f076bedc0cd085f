import type { User } from "../request/call.ts";
import type { RequestInfo } from "../request/request-info.ts";
import type { Attributes } from "./authorizer.ts";

const COLLECTION_VERBS = new Set(["list", "watch", "deletecollection"]);
const BY_NAME = /^metadata\.name==?([a-z0-9.:-]+)$/i;

/** A collection narrowed to one name by its field selector counts as that object: so a role may name it. */
function nameOf(info: RequestInfo, query: URLSearchParams): string {
  if (info.name !== "" || !COLLECTION_VERBS.has(info.verb)) return info.name;
  for (const term of (query.get("fieldSelector") ?? "").split(",")) {
    const [, name] = BY_NAME.exec(term.trim()) ?? [];
    if (name) return name;
  }
  return "";
}

export function attributesOf(user: User, info: RequestInfo, query: URLSearchParams): Attributes {
  return {
    user,
    verb: info.verb,
    group: info.group,
    version: info.version,
    resource: info.resource,
    subresource: info.subresource,
    namespace: info.namespace,
    name: nameOf(info, query),
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
