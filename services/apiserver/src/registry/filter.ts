import { type FieldMatcher, type LabelMatcher, parseFieldSelector, parseLabelSelector, type ResourceDefinition } from "@flotilla/api";
import type { Entry } from "../storage/entry.ts";
import { keyPrefix } from "./kernel.ts";

/** Which objects a list or watch shows. */
export interface Filter {
  /** Keys of the namespace, or of all. */
  readonly prefix: string;
  /** The one name that the field selector or the path allows. */
  readonly name: string | undefined;
  readonly empty: boolean;
  matches(entry: Entry): boolean;
}

/** @throws ApiError BadRequest when a selector does not parse. */
export function filterOf(def: ResourceDefinition, namespace: string, name: string, query: URLSearchParams): Filter {
  const labels: LabelMatcher = parseLabelSelector(query.get("labelSelector") ?? "");
  const fields: FieldMatcher = parseFieldSelector(def, query.get("fieldSelector") ?? "");
  const prefix = keyPrefix(def, namespace);
  const only = name !== "" ? name : fields.exact("metadata.name");
  const empty = labels.empty && fields.empty && name === "";
  return {
    prefix,
    name: only,
    empty,
    matches(entry) {
      if (!entry.key.startsWith(prefix)) return false;
      if (empty) return true;
      const { object } = entry;
      return (name === "" || object.metadata.name === name) && labels.matches(object.metadata.labels) && fields.matches(object);
    },
  };
}
