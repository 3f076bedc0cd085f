import { apiError } from "@flotilla/api";

/** "[scheme:]name[:port]", as names are written before /proxy. */
export interface ProxyName {
  scheme: "http" | "https";
  name: string;
  /** Number or name; "" for the only one. */
  port: string;
}

/** @throws ApiError BadRequest */
export function parseProxyName(text: string): ProxyName {
  const parts = text.split(":");
  const [first = "", second = "", third = ""] = parts;
  const scheme = (given: string) => given === "" || given === "http" || given === "https";
  if (parts.length === 1) return { scheme: "http", name: first, port: "" };
  if (parts.length === 2) return { scheme: "http", name: first, port: second };
  if (parts.length === 3 && scheme(first)) return { scheme: first === "https" ? "https" : "http", name: second, port: third };
  throw apiError("BadRequest", `invalid proxy name ${JSON.stringify(text)}: must be [scheme:]name[:port]`);
}

/** The part of a raw path up to and with "/proxy", and what follows it. */
export function splitProxyPath(path: string): { prefix: string; rest: string } {
  const [, prefix = path, rest = ""] =
    /^(\/api\/v1\/(?:namespaces\/[^/]+\/)?(?:pods|services|nodes)\/[^/]+\/proxy)(\/.*)?$/.exec(path) ?? [];
  return { prefix, rest };
}
