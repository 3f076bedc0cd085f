import type { Condition } from "./dangling.ts";

/** flowcontrol.apiserver.k8s.io/v1, as far as deciding needs it. */
export interface Subject {
  kind: "User" | "Group" | "ServiceAccount";
  user?: { name: string };
  group?: { name: string };
  serviceAccount?: { namespace: string; name: string };
}

export interface PolicyRules {
  subjects: Subject[];
  resourceRules?: { verbs: string[]; apiGroups: string[]; resources: string[]; clusterScope?: boolean; namespaces?: string[] }[];
  nonResourceRules?: { verbs: string[]; nonResourceURLs: string[] }[];
}

interface Meta {
  name: string;
  uid?: string;
}

export interface FlowSchema {
  metadata: Meta;
  spec: {
    priorityLevelConfiguration: { name: string };
    /** Lower is asked first. */
    matchingPrecedence: number;
    distinguisherMethod?: { type: "ByUser" | "ByNamespace" };
    rules?: PolicyRules[];
  };
  status?: { conditions?: Condition[] };
}

export interface PriorityLevelConfiguration {
  metadata: Meta;
  spec: {
    type: "Exempt" | "Limited";
    exempt?: { nominalConcurrencyShares?: number; lendablePercent?: number };
    limited?: {
      nominalConcurrencyShares?: number;
      lendablePercent?: number;
      borrowingLimitPercent?: number;
      limitResponse?: { type: "Queue" | "Reject"; queuing?: { queues?: number; handSize?: number; queueLengthLimit?: number } };
    };
  };
}
