/** Order of the built-in groups in discovery (kube-apiserver's apiServicePriorities): which resource a bare name means. */

interface Priority {
  group: number;
  version: number;
}

const GROUPS: Record<string, number> = {
  "": 18_000,
  apps: 17_800,
  "events.k8s.io": 17_750,
  "authentication.k8s.io": 17_700,
  "authorization.k8s.io": 17_600,
  autoscaling: 17_500,
  batch: 17_400,
  "certificates.k8s.io": 17_300,
  "networking.k8s.io": 17_200,
  policy: 17_100,
  "rbac.authorization.k8s.io": 17_000,
  "storage.k8s.io": 16_800,
  "apiextensions.k8s.io": 16_700,
  "admissionregistration.k8s.io": 16_700,
  "scheduling.k8s.io": 16_600,
  "coordination.k8s.io": 16_500,
  "node.k8s.io": 16_300,
  "discovery.k8s.io": 16_200,
  "flowcontrol.apiserver.k8s.io": 16_100,
  "metrics.k8s.io": 100,
};
const VERSIONS: Record<string, number> = {
  "/v1": 1,
  "autoscaling/v2": 30,
  "flowcontrol.apiserver.k8s.io/v1": 21,
  "metrics.k8s.io/v1beta1": 100,
};
const VERSION_DEFAULT = 15;

/** The aggregator's own group stands before all, and has no APIService. */
export const OWN_GROUP = "apiregistration.k8s.io";
/** What CustomResourceDefinitions bring. */
export const CUSTOM_PRIORITY: Priority = { group: 1_000, version: 100 };

export function builtinPriority(group: string, version: string): Priority {
  return { group: GROUPS[group] ?? CUSTOM_PRIORITY.group, version: VERSIONS[`${group}/${version}`] ?? VERSION_DEFAULT };
}
