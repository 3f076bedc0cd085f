import type { User } from "../request/call.ts";
import type { RequestInfo } from "../request/request-info.ts";
import type { Attributes } from "./authorizer.ts";

const COLLECTION_VERBS = new Set(["list", "watch", "deletecollection"]);
const NAME = /^[a-z0-9.:-]+$/i;
/** What a field selector wants to be equal; what else it says narrows it further. A value with an escape is left out. */
export function requirements(fieldSelector: string | undefined): { field: string; value: string }[] {
  if (!fieldSelector || fieldSelector.includes("\\")) return [];
  return fieldSelector.split(",").flatMap((term) => {
    const [, field, value] = /^([^=!]+)==?([^=!]*)$/.exec(term.trim()) ?? [];
    return field !== undefined && value !== undefined ? [{ field, value }] : [];
  });
}

/** A collection narrowed to one name by its field selector counts as that object: so a role may name it. */
function nameOf(info: RequestInfo, fieldSelector: string | undefined): string {
  if (info.name !== "" || !COLLECTION_VERBS.has(info.verb)) return info.name;
  return requirements(fieldSelector).find(({ field, value }) => field === "metadata.name" && NAME.test(value))?.value ?? "";
}

export function attributesOf(user: User, info: RequestInfo, query: URLSearchParams): Attributes {
  const fieldSelector = query.get("fieldSelector") || undefined;
  return {
    user,
    verb: info.verb,
    group: info.group,
    version: info.version,
    resource: info.resource,
    subresource: info.subresource,
    namespace: info.namespace,
    name: nameOf(info, fieldSelector),
    path: info.path,
    isResource: info.isResource,
    fieldSelector: COLLECTION_VERBS.has(info.verb) ? fieldSelector : undefined,
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
