import type { Container } from "@flotilla/api";

/** A port given by number or by the name of a container's port; undefined when there is none of that name. */
export function resolvePort(port: string | number | undefined | object, container: Container): number | undefined {
  if (typeof port === "number") return port;
  if (typeof port !== "string") return undefined;
  if (/^\d+$/.test(port)) return Number(port);
  return container.ports?.find((p) => p.name === port)?.containerPort;
}

export interface HttpTarget {
  scheme: "http" | "https";
  host: string;
  port: number;
  path: string;
  headers: Record<string, string>;
}

type HttpGet = NonNullable<NonNullable<Container["livenessProbe"]>["httpGet"]>;

/** Where an httpGet action goes; `podIP` is the host's own address for pods of the host's network. */
export function httpTarget(action: HttpGet, container: Container, podIP: string): HttpTarget | undefined {
  const port = resolvePort(action.port as never, container);
  if (port === undefined) return undefined;
  const path = action.path || "/";
  const headers: Record<string, string> = { "User-Agent": "kube-probe/1.33", Accept: "*/*", Connection: "close" };
  for (const { name, value } of action.httpHeaders ?? []) headers[name] = value;
  return {
    scheme: action.scheme === "HTTPS" ? "https" : "http",
    host: action.host || podIP,
    port,
    path: path.startsWith("/") ? path : `/${path}`,
    headers,
  };
}
