import { anything } from "@flotilla/api";
import type { FlowSchema, PolicyRules, PriorityLevelConfiguration, Subject } from "./objects.ts";

/** What every cluster begins with beside the mandatory objects (apis/flowcontrol/bootstrap/default.go). */

const queued = (
  name: string,
  nominalConcurrencyShares: number,
  lendablePercent: number,
  queues: number,
  handSize: number,
): PriorityLevelConfiguration => ({
  metadata: { name },
  spec: {
    type: "Limited",
    limited: {
      nominalConcurrencyShares,
      lendablePercent,
      limitResponse: { type: "Queue", queuing: { queues, handSize, queueLengthLimit: 50 } },
    },
  },
});

export const SUGGESTED_LEVELS = [
  queued("system", 30, 33, 64, 6),
  queued("node-high", 40, 25, 64, 6),
  queued("leader-election", 10, 0, 16, 4),
  queued("workload-high", 40, 50, 128, 6),
  queued("workload-low", 100, 90, 128, 6),
  queued("global-default", 20, 50, 128, 6),
];

const user = (name: string): Subject => ({ kind: "User", user: { name } });
const group = (name: string): Subject => ({ kind: "Group", group: { name } });
const account = (name: string): Subject => ({ kind: "ServiceAccount", serviceAccount: { namespace: "kube-system", name } });
const EVERYONE = [group("system:unauthenticated"), group("system:authenticated")];
const ALL = ["*"];
const leases = (namespaces: string[]) => ({
  verbs: ["get", "create", "update"],
  apiGroups: ["coordination.k8s.io"],
  resources: ["leases"],
  namespaces,
});

const schema = (
  name: string,
  level: string,
  matchingPrecedence: number,
  distinguisher: "ByUser" | "ByNamespace" | undefined,
  ...rules: PolicyRules[]
): FlowSchema => ({
  metadata: { name },
  spec: {
    priorityLevelConfiguration: { name: level },
    matchingPrecedence,
    ...(distinguisher ? { distinguisherMethod: { type: distinguisher } } : {}),
    rules,
  },
});

export const SUGGESTED_SCHEMAS = [
  schema("probes", "exempt", 2, undefined, {
    subjects: EVERYONE,
    nonResourceRules: [{ verbs: ["get"], nonResourceURLs: ["/healthz", "/readyz", "/livez"] }],
  }),
  schema("system-leader-election", "leader-election", 100, "ByUser", {
    subjects: [user("system:kube-controller-manager"), user("system:kube-scheduler")],
    resourceRules: [leases(ALL)],
  }),
  schema("endpoint-controller", "workload-high", 150, "ByUser", {
    subjects: [user("system:kube-controller-manager"), account("endpoint-controller"), account("endpointslicemirroring-controller")],
    resourceRules: [{ verbs: ["get", "create", "update"], apiGroups: [""], resources: ["endpoints"], namespaces: ALL }],
  }),
  schema("workload-leader-election", "leader-election", 200, "ByUser", { subjects: [account("*")], resourceRules: [leases(ALL)] }),
  schema("system-node-high", "node-high", 400, "ByUser", {
    subjects: [group("system:nodes")],
    resourceRules: [
      { verbs: ALL, apiGroups: [""], resources: ["nodes", "nodes/status"], clusterScope: true, namespaces: ALL },
      { verbs: ALL, apiGroups: ["coordination.k8s.io"], resources: ["leases"], namespaces: ["kube-node-lease"] },
    ],
  }),
  schema("system-nodes", "system", 500, "ByUser", anything(group("system:nodes"))),
  schema("kube-controller-manager", "workload-high", 800, "ByNamespace", anything(user("system:kube-controller-manager"))),
  schema("kube-scheduler", "workload-high", 800, "ByNamespace", anything(user("system:kube-scheduler"))),
  schema("kube-system-service-accounts", "workload-high", 900, "ByNamespace", anything(account("*"))),
  schema("service-accounts", "workload-low", 9_000, "ByUser", anything(group("system:serviceaccounts"))),
  schema("global-default", "global-default", 9_900, "ByUser", anything(...EVERYONE)),
];
