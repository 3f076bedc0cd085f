import type { Taint } from "./node/registration.ts";

/** Everything a kubelet is told at its start; durations in milliseconds unless the name says otherwise. */
export interface KubeletConfig {
  nodeName: string;
  nodeIP: string;
  rootDirectory: string;
  podLogsDirectory: string;
  cniConfDirectory: string;
  /** A folder of manifests, or one; empty: no static pods. */
  manifestPath: string;
  clusterDNS: string[];
  clusterDomain: string;
  resolvConf: string;
  hostsFile: string;
  nodeLabels: Record<string, string>;
  registerTaints: Taint[];
  registerNode: boolean;
  providerID?: string;
  /** For use without an API server. */
  podCIDR: string;
  maxPods: number;
  nodeCapacity: Record<string, string>;
  systemReserved: Record<string, string>;
  nodeStatusFrequency_ms: number;
  leaseDuration_s: number;
  syncFrequency_ms: number;
  fileCheckFrequency_ms: number;
  defaultRuntimeHandler: string;
  server: ServerConfig;
}

export interface ServerConfig {
  address: string;
  /** 0 picks one, -1 serves nothing. */
  port: number;
  healthzAddress: string;
  healthzPort: number;
  tls?: { cert: string; key: string; clientCA?: string };
}
