/** Query and path parameters of the API, by name; said once for every operation that takes them. */
export interface Parameter {
  readonly description: string;
  readonly type: "string" | "integer" | "boolean";
}

export const QUERY_PARAMETERS: Readonly<Record<string, Parameter>> = {
  allowWatchBookmarks: {
    type: "boolean",
    description: "Let the server send BOOKMARK events, which carry only a resourceVersion, in a watch.",
  },
  continue: { type: "string", description: "Token of an earlier page: the next page of the same list, at the same resourceVersion." },
  dryRun: { type: "string", description: "All: run every check and default, but store nothing." },
  fieldManager: { type: "string", description: "Name under which managedFields records who set what; at most 128 printable characters." },
  fieldSelector: { type: "string", description: "Keep only objects whose fields have these values." },
  fieldValidation: { type: "string", description: "What to do with unknown and duplicate fields: Ignore, Warn or Strict." },
  force: { type: "boolean", description: "Server-side apply only: take over fields that other managers own." },
  gracePeriodSeconds: { type: "integer", description: "Seconds before the object is really deleted; 0 is at once." },
  labelSelector: { type: "string", description: "Keep only objects whose labels match." },
  limit: { type: "integer", description: "At most so many objects in one page; the rest by its continue token." },
  orphanDependents: { type: "boolean", description: "Deprecated: use propagationPolicy." },
  pretty: { type: "string", description: "Indent the answer for people." },
  propagationPolicy: { type: "string", description: "What happens to dependents: Orphan, Background or Foreground." },
  resourceVersion: { type: "string", description: "How fresh the answer must be, or where a watch starts." },
  resourceVersionMatch: { type: "string", description: "How resourceVersion is meant: NotOlderThan or Exact." },
  sendInitialEvents: { type: "boolean", description: "Begin a watch with everything there is, marked by a bookmark at its end." },
  timeoutSeconds: { type: "integer", description: "End the call after so many seconds." },
  watch: { type: "boolean", description: "Stream changes instead of one list." },
};

export function pathParameter(name: string, kind: string): Parameter {
  if (name === "namespace") return { type: "string", description: "Namespace of the object." };
  return { type: "string", description: `Name of the ${kind}.` };
}
