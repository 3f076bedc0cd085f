import { parse } from "yaml";

/** How to reach an API server and who we are there; everything is already read from disk. */
export interface ClientConfig {
  /** REST address, "https://172.30.0.11:6443". */
  server: string;
  /** "host:port" of flotilla.api.v1; empty: REST only. */
  grpcServers: string[];
  tls: TlsConfig;
  credentials: Credentials;
  /** The context's namespace. */
  namespace?: string;
  /** Sent as User-Agent; its first word is the default field manager. */
  userAgent?: string;
}

export interface TlsConfig {
  ca?: string; // PEM
  cert?: string; // PEM
  key?: string; // PEM
  serverName?: string;
  insecureSkipVerify?: boolean;
}

export type Credentials =
  | { kind: "none" }
  | { kind: "token"; token: string }
  /** Read again now and then: bound service account tokens rotate. */
  | { kind: "tokenFile"; path: string };

/** Reads one file as UTF-8; `main.ts` hands in node:fs. */
export type ReadFile = (path: string) => string;

export class KubeconfigError extends Error {
  override name = "KubeconfigError";
}

const GRPC_EXTENSION = "flotilla.dev/grpc";

interface Named<K extends string> {
  name: string;
  entry: Record<string, any>;
  _key?: K;
}

/**
 * Loads a kubeconfig file: the named context, or the current one.
 * Relative paths in it are relative to the file, as in client-go.
 * @throws KubeconfigError that names the file and what is missing.
 */
export function loadKubeconfig(path: string, readFile: ReadFile, contextName?: string): ClientConfig {
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    throw new KubeconfigError(`kubeconfig ${path}: ${(error as Error).message}`);
  }
  const directory = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : ".";
  try {
    return parseKubeconfig(text, readFile, directory, contextName);
  } catch (error) {
    throw new KubeconfigError(`kubeconfig ${path}: ${(error as Error).message}`);
  }
}

export function parseKubeconfig(text: string, readFile: ReadFile, directory: string, contextName?: string): ClientConfig {
  const doc = (parse(text) ?? {}) as Record<string, any>;
  const wanted = contextName ?? doc["current-context"];
  const context = find(doc["contexts"], "context", wanted);
  const cluster = find(doc["clusters"], "cluster", context["cluster"]);
  const user = context["user"] ? find(doc["users"], "user", context["user"]) : {};
  if (!cluster["server"]) throw new KubeconfigError(`cluster "${context["cluster"]}" has no server`);
  const file = (entry: Record<string, any>, name: string) => pem(entry, name, readFile, directory);
  return {
    server: cluster["server"],
    grpcServers: grpcServers(cluster),
    tls: {
      ca: file(cluster, "certificate-authority"),
      cert: file(user, "client-certificate"),
      key: file(user, "client-key"),
      serverName: cluster["tls-server-name"],
      insecureSkipVerify: cluster["insecure-skip-tls-verify"] === true,
    },
    credentials: credentialsOf(user, directory),
    namespace: context["namespace"],
  };
}

/** A pod's own credentials, as projected into every container. */
export function inClusterConfig(
  ports: { readFile: ReadFile },
  paths: { server: string; caFile: string; tokenFile: string; grpcServers?: string[] },
): ClientConfig {
  return {
    server: paths.server,
    grpcServers: paths.grpcServers ?? [],
    tls: { ca: ports.readFile(paths.caFile) },
    credentials: { kind: "tokenFile", path: paths.tokenFile },
  };
}

function find(list: unknown, key: string, name: unknown): Record<string, any> {
  if (typeof name !== "string" || name === "") throw new KubeconfigError(`no current ${key} is set`);
  const entries = Array.isArray(list) ? (list as (Named<string> & Record<string, any>)[]) : [];
  const found = entries.find((e) => e.name === name);
  if (!found) throw new KubeconfigError(`${key} "${name}" does not exist`);
  return found[key] ?? {};
}

function pem(entry: Record<string, any>, name: string, readFile: ReadFile, directory: string): string | undefined {
  const data = entry[`${name}-data`];
  if (data) return Buffer.from(data, "base64").toString("utf8");
  const path = entry[name];
  return path ? readFile(resolve(directory, path)) : undefined;
}

function credentialsOf(user: Record<string, any>, directory: string): Credentials {
  const file = user["tokenFile"];
  if (file) return { kind: "tokenFile", path: resolve(directory, file) };
  if (user["token"]) return { kind: "token", token: user["token"] };
  return { kind: "none" };
}

function grpcServers(cluster: Record<string, any>): string[] {
  const extensions = (cluster["extensions"] ?? []) as { name: string; extension?: { servers?: string[] } }[];
  return extensions.find((e) => e.name === GRPC_EXTENSION)?.extension?.servers ?? [];
}

function resolve(directory: string, path: string): string {
  return path.startsWith("/") ? path : `${directory}/${path}`;
}
