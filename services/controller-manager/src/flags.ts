import { leaderElectionFlags } from "@flotilla/client";
import type { FlagSpecs, Flags } from "@flotilla/process";
import { defaultConfig, type ManagerConfig } from "./config.ts";

const compat = { type: "string", default: "", help: "taken for compatibility; unused" } as const;

export const FLAGS = {
  kubeconfig: { type: "string", default: "", help: "path to the kubeconfig with which to reach the API server" },
  "authentication-kubeconfig": compat,
  "authorization-kubeconfig": compat,
  "client-ca-file": compat,
  "requestheader-client-ca-file": compat,
  "cluster-name": { type: "string", default: "kubernetes", help: "name of the cluster" },
  "bind-address": { type: "string", default: "0.0.0.0", help: "where to serve https" },
  "secure-port": { type: "int", default: 10257, help: "port of /healthz and /metrics over https; 0: none" },
  "tls-cert-file": { type: "string", default: "", help: "certificate for https; default: one made at start" },
  "tls-private-key-file": { type: "string", default: "", help: "its key" },
  controllers: { type: "list", default: ["*"], help: "controllers to run: *, foo, -foo" },
  "use-service-account-credentials": { type: "bool", default: false, help: "taken for compatibility; unused" },
  "allocate-node-cidrs": { type: "bool", default: false, help: "give each node a part of --cluster-cidr for its pods" },
  "cluster-cidr": { type: "string", default: "", help: "addresses of pods" },
  "node-cidr-mask-size": { type: "int", default: 0, help: "size of a node's part; default 24 (IPv4)" },
  "node-cidr-mask-size-ipv4": { type: "int", default: 0, help: "the same" },
  "service-cluster-ip-range": { type: "string", default: "", help: "addresses of services; never given to nodes" },
  "cluster-signing-cert-file": { type: "string", default: "", help: "CA certificate that signs certificate requests" },
  "cluster-signing-key-file": { type: "string", default: "", help: "its key" },
  "cluster-signing-duration": { type: "duration", default: 365 * 24 * 3_600_000, help: "longest validity of signed certificates" },
  "root-ca-file": { type: "string", default: "", help: "CA published to pods as kube-root-ca.crt" },
  "service-account-private-key-file": { type: "string", default: "", help: "signs service account token secrets" },
  "node-monitor-period": { type: "duration", default: defaultConfig.nodeMonitorPeriod_ms, help: "how often nodes are judged" },
  "node-monitor-grace-period": {
    type: "duration",
    default: defaultConfig.nodeMonitorGracePeriod_ms,
    help: "how long a node may be silent before it is unhealthy",
  },
  "node-startup-grace-period": {
    type: "duration",
    default: defaultConfig.nodeStartupGracePeriod_ms,
    help: "the same for a node that just came",
  },
  "node-eviction-rate": { type: "float", default: defaultConfig.nodeEvictionRate, help: "nodes per second whose pods are evicted" },
  "secondary-node-eviction-rate": {
    type: "float",
    default: defaultConfig.secondaryNodeEvictionRate,
    help: "the same in a zone that is largely down",
  },
  "unhealthy-zone-threshold": {
    type: "float",
    default: defaultConfig.unhealthyZoneThreshold,
    help: "share of nodes down that makes a zone unhealthy",
  },
  "large-cluster-size-threshold": {
    type: "int",
    default: defaultConfig.largeClusterSizeThreshold,
    help: "up to this many nodes the secondary rate is 0",
  },
  "terminated-pod-gc-threshold": { type: "int", default: defaultConfig.terminatedPodGcThreshold, help: "finished pods that may stay" },
  "concurrent-deployment-syncs": { type: "int", default: 5, help: "deployments at once" },
  "concurrent-replicaset-syncs": { type: "int", default: 5, help: "replica sets at once" },
  "concurrent-daemonset-syncs": { type: "int", default: 2, help: "daemon sets at once" },
  "concurrent-endpoint-syncs": { type: "int", default: 5, help: "endpoints at once" },
  "concurrent-service-endpoint-syncs": { type: "int", default: 5, help: "taken for compatibility; as concurrent-endpoint-syncs" },
  "concurrent-namespace-syncs": { type: "int", default: 10, help: "namespaces at once" },
  "concurrent-gc-syncs": { type: "int", default: 20, help: "objects at once" },
  ...leaderElectionFlags("kube-controller-manager"),
} satisfies FlagSpecs;

export type ManagerFlags = Flags<typeof FLAGS>;

/** Flags as configuration; files are read here, once. */
export function configOf(flags: ManagerFlags, readFile: (path: string) => string): ManagerConfig {
  const file = (path: string) => (path === "" ? undefined : readFile(path));
  const certPem = file(flags["cluster-signing-cert-file"]);
  const keyPem = file(flags["cluster-signing-key-file"]);
  return {
    controllers: flags.controllers,
    concurrentSyncs: {
      deployment: flags["concurrent-deployment-syncs"],
      replicaSet: flags["concurrent-replicaset-syncs"],
      daemonSet: flags["concurrent-daemonset-syncs"],
      endpoint: flags["concurrent-endpoint-syncs"],
      namespace: flags["concurrent-namespace-syncs"],
      gc: flags["concurrent-gc-syncs"],
    },
    allocateNodeCidrs: flags["allocate-node-cidrs"],
    ...(flags["cluster-cidr"] ? { clusterCidr: flags["cluster-cidr"].split(",")[0] } : {}),
    ...(flags["service-cluster-ip-range"] ? { serviceCidr: flags["service-cluster-ip-range"].split(",")[0] } : {}),
    nodeCidrMaskSize: flags["node-cidr-mask-size"] || flags["node-cidr-mask-size-ipv4"] || defaultConfig.nodeCidrMaskSize,
    nodeMonitorPeriod_ms: flags["node-monitor-period"],
    nodeMonitorGracePeriod_ms: flags["node-monitor-grace-period"],
    nodeStartupGracePeriod_ms: flags["node-startup-grace-period"],
    nodeEvictionRate: flags["node-eviction-rate"],
    secondaryNodeEvictionRate: flags["secondary-node-eviction-rate"],
    unhealthyZoneThreshold: flags["unhealthy-zone-threshold"],
    largeClusterSizeThreshold: flags["large-cluster-size-threshold"],
    terminatedPodGcThreshold: flags["terminated-pod-gc-threshold"],
    ...(certPem && keyPem ? { clusterSigning: { certPem, keyPem, duration_ms: flags["cluster-signing-duration"] } } : {}),
    rootCaPem: file(flags["root-ca-file"]),
    serviceAccountKeyPem: file(flags["service-account-private-key-file"]),
  };
}
