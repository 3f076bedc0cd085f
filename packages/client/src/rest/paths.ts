import { apiVersionOf, type ResourceType } from "@flotilla/api";

/** "/api/v1/namespaces/default/pods/a/status" (API conventions, "Resources"). */
export function resourcePath(type: ResourceType<unknown>, namespace?: string, name?: string, subresource?: string): string {
  const root = type.group === "" ? "/api" : "/apis";
  const parts = [root, apiVersionOf(type)];
  if (type.namespaced && namespace) parts.push("namespaces", encodeURIComponent(namespace));
  parts.push(type.resource);
  if (name) parts.push(encodeURIComponent(name));
  if (subresource) parts.push(subresource);
  return parts.join("/");
}

export function query(parameters: Record<string, string | number | boolean | undefined>): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== "" && value !== false) search.set(key, String(value));
  }
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}
