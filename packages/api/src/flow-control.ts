/** The objects of flowcontrol.apiserver.k8s.io that every cluster has and nobody may change (apis/flowcontrol/bootstrap). */

const group = (name: string) => ({ kind: "Group" as const, group: { name } });
const ALL = ["*"];

/** Each for the given subjects: all that can be asked. */
export const anything = <S>(...subjects: S[]) => ({
  subjects,
  resourceRules: [{ verbs: ALL, apiGroups: ALL, resources: ALL, clusterScope: true, namespaces: ALL }],
  nonResourceRules: [{ verbs: ALL, nonResourceURLs: ALL }],
});

export const MANDATORY_LEVELS = [
  {
    metadata: { name: "exempt" },
    spec: { type: "Exempt" as const, exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  },
  {
    metadata: { name: "catch-all" },
    spec: {
      type: "Limited" as const,
      limited: { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: "Reject" as const } },
    },
  },
];

export const MANDATORY_SCHEMAS = [
  {
    metadata: { name: "exempt" },
    spec: {
      priorityLevelConfiguration: { name: "exempt" },
      matchingPrecedence: 1,
      rules: [anything(group("system:masters"))],
    },
  },
  {
    metadata: { name: "catch-all" },
    spec: {
      priorityLevelConfiguration: { name: "catch-all" },
      matchingPrecedence: 10_000,
      distinguisherMethod: { type: "ByUser" as const },
      rules: [anything(group("system:unauthenticated"), group("system:authenticated"))],
    },
  },
];
