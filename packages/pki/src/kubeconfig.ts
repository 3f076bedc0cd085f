import { stringify } from "yaml";

/** The extension of a cluster entry that tells our client the gRPC addresses. */
export const GRPC_EXTENSION = "flotilla.dev/grpc";

export interface KubeconfigOptions {
  clusterName: string;
  /** https://host:port */
  server: string;
  caCert: string;
  /** The user's name within the file. */
  user: string;
  credentials: { cert: string; key: string } | { certFile: string; keyFile: string } | { token: string } | { tokenFile: string };
  contextName?: string;
  namespace?: string;
  /** host:port of API servers that speak flotilla.api.v1, in order of preference. */
  grpcServers?: readonly string[];
}

export interface Kubeconfig {
  apiVersion: "v1";
  kind: "Config";
  clusters: { name: string; cluster: Record<string, unknown> }[];
  users: { name: string; user: Record<string, unknown> }[];
  contexts: { name: string; context: Record<string, unknown> }[];
  "current-context": string;
  preferences: Record<string, unknown>;
}

const base64 = (text: string) => Buffer.from(text, "utf8").toString("base64");

export function buildKubeconfig(options: KubeconfigOptions): Kubeconfig {
  const context = options.contextName ?? `${options.user}@${options.clusterName}`;
  const extensions = options.grpcServers?.length
    ? { extensions: [{ name: GRPC_EXTENSION, extension: { servers: [...options.grpcServers] } }] }
    : {};
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: options.clusterName,
        cluster: { "certificate-authority-data": base64(options.caCert), server: options.server, ...extensions },
      },
    ],
    users: [{ name: options.user, user: userEntry(options.credentials) }],
    contexts: [
      {
        name: context,
        context: {
          cluster: options.clusterName,
          user: options.user,
          ...(options.namespace ? { namespace: options.namespace } : {}),
        },
      },
    ],
    "current-context": context,
    preferences: {},
  };
}

function userEntry(credentials: KubeconfigOptions["credentials"]): Record<string, unknown> {
  if ("token" in credentials) return { token: credentials.token };
  if ("tokenFile" in credentials) return { tokenFile: credentials.tokenFile };
  if ("certFile" in credentials) return { "client-certificate": credentials.certFile, "client-key": credentials.keyFile };
  return { "client-certificate-data": base64(credentials.cert), "client-key-data": base64(credentials.key) };
}

export function kubeconfigYaml(options: KubeconfigOptions): string {
  return stringify(buildKubeconfig(options), { lineWidth: 0 });
}
