/** Upstream's leader election flags with its defaults (component-base config/options); values in milliseconds. */
export function leaderElectionFlags<const Name extends string>(resourceName: Name) {
  return {
    "leader-elect": {
      type: "bool",
      default: true,
      help: "Start a leader election client and gain leadership before executing the main loop.",
    },
    "leader-elect-lease-duration": {
      type: "duration",
      default: 15_000,
      help: "How long non-leaders wait after a renewal before they try to take the lease.",
    },
    "leader-elect-renew-deadline": {
      type: "duration",
      default: 10_000,
      help: "How long the leader retries to renew before it gives up leading.",
    },
    "leader-elect-retry-period": { type: "duration", default: 2_000, help: "How long clients wait between tries to acquire or renew." },
    "leader-elect-resource-name": { type: "string", default: resourceName as string, help: "The name of the lease." },
    "leader-elect-resource-namespace": { type: "string", default: "kube-system", help: "The namespace of the lease." },
  } as const;
}

export interface LeaderElectionFlags {
  "leader-elect": boolean;
  "leader-elect-lease-duration": number;
  "leader-elect-renew-deadline": number;
  "leader-elect-retry-period": number;
  "leader-elect-resource-name": string;
  "leader-elect-resource-namespace": string;
}

/** Flags as the elector's configuration; undefined when election is off. */
export function electionConfig(flags: LeaderElectionFlags, identity: string) {
  if (!flags["leader-elect"]) return undefined;
  return {
    namespace: flags["leader-elect-resource-namespace"],
    name: flags["leader-elect-resource-name"],
    identity,
    leaseDuration_ms: flags["leader-elect-lease-duration"],
    renewDeadline_ms: flags["leader-elect-renew-deadline"],
    retryPeriod_ms: flags["leader-elect-retry-period"],
  };
}
