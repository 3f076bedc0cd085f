/** The manager's settings, named after upstream's flags; times in milliseconds. */
export interface ManagerConfig {
  /** `--controllers`: names, "-name" to leave one out, "*" for all. */
  controllers: string[];
  /** Workers per controller. */
  concurrentSyncs: { deployment: number; replicaSet: number; daemonSet: number; endpoint: number; namespace: number; gc: number };
  allocateNodeCidrs: boolean;
  clusterCidr?: string;
  /** Kept out of the nodes' parts when it overlaps clusterCidr. */
  serviceCidr?: string;
  nodeCidrMaskSize: number;
  nodeMonitorPeriod_ms: number;
  nodeMonitorGracePeriod_ms: number;
  nodeStartupGracePeriod_ms: number;
  /** Nodes per second whose pods may be evicted: normally, and when most of the cluster is down. */
  nodeEvictionRate: number;
  secondaryNodeEvictionRate: number;
  unhealthyZoneThreshold: number;
  largeClusterSizeThreshold: number;
  terminatedPodGcThreshold: number;
  /** Signing of certificate requests; undefined: the signing controller stays off. */
  clusterSigning?: { certPem: string; keyPem: string; duration_ms: number };
  /** Published as kube-root-ca.crt and put into token secrets. */
  rootCaPem?: string;
  /** Signs legacy token secrets. */
  serviceAccountKeyPem?: string;
}

/** Upstream's defaults (1.33). */
export const defaultConfig: ManagerConfig = {
  controllers: ["*"],
  concurrentSyncs: { deployment: 5, replicaSet: 5, daemonSet: 2, endpoint: 5, namespace: 10, gc: 20 },
  allocateNodeCidrs: false,
  nodeCidrMaskSize: 24,
  nodeMonitorPeriod_ms: 5_000,
  nodeMonitorGracePeriod_ms: 50_000,
  nodeStartupGracePeriod_ms: 60_000,
  nodeEvictionRate: 0.1,
  secondaryNodeEvictionRate: 0.01,
  unhealthyZoneThreshold: 0.55,
  largeClusterSizeThreshold: 50,
  terminatedPodGcThreshold: 12_500,
};
