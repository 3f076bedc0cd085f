/** What a request asks for, read from method and path (upstream's RequestInfo). */
export interface RequestInfo {
  isResource: boolean;
  path: string;
  /** get list watch create update patch delete deletecollection; for other paths the method in lower case. */
  verb: string;
  group: string;
  version: string;
  namespace: string;
  resource: string;
  subresource: string;
  name: string;
  /** What follows the subresource: the path of a proxied request. */
  rest: string;
}

const VERBS: Record<string, string> = { GET: "get", HEAD: "get", POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" };
/** Under a namespace's name these are its own subresources, not resources inside of it. */
const NAMESPACE_SUBRESOURCES = new Set(["status", "finalize"]);

/** `/api/v1/…` and `/apis/GROUP/VERSION/…` are resources; anything else is a plain path. */
export function parseRequestInfo(method: string, path: string, query: URLSearchParams): RequestInfo {
  const info: RequestInfo = {
    isResource: false,
    path,
    verb: method.toLowerCase(),
    group: "",
    version: "",
    namespace: "",
    resource: "",
    subresource: "",
    name: "",
    rest: "",
  };
  const parts = path.split("/").filter((part) => part !== "");
  const root = parts[0] === "api" ? 1 : parts[0] === "apis" ? 2 : 0;
  if (root === 0 || parts.length < root + 2) return info;
  info.isResource = true;
  info.group = root === 2 ? decode(parts[1]!) : "";
  info.version = decode(parts[root]!);
  let segments = parts.slice(root + 1).map(decode);
  // The deprecated form /api/v1/watch/pods means ?watch=true.
  const watchPrefix = segments[0] === "watch" && segments.length > 1;
  if (watchPrefix) segments = segments.slice(1);
  if (segments[0] === "namespaces" && segments.length > 1) {
    info.namespace = segments[1]!;
    if (segments.length > 2 && !NAMESPACE_SUBRESOURCES.has(segments[2]!)) segments = segments.slice(2);
  }
  info.resource = segments[0]!;
  info.name = segments[1] ?? "";
  info.subresource = segments[2] ?? "";
  info.rest = segments.slice(3).join("/");
  info.verb = verbOf(method, info, query, watchPrefix);
  return info;
}

function verbOf(method: string, info: RequestInfo, query: URLSearchParams, watchPrefix: boolean): string {
  const verb = VERBS[method] ?? method.toLowerCase();
  if (verb === "delete" && info.name === "") return "deletecollection";
  if (verb !== "get" || info.subresource !== "") return verb;
  const watch = watchPrefix || isTrue(query.get("watch"));
  if (watch) return "watch";
  return info.name === "" ? "list" : "get";
}

/** A bool of the query: anything but "false" and "0" is true, "?watch" alone too. */
export function isTrue(value: string | null | undefined): boolean {
  return value !== null && value !== undefined && value !== "0" && value.toLowerCase() !== "false";
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
