import type { BootstrapRole } from "./policy.ts";
import { READ, rule, WRITE } from "./policy-rules.ts";

/** Roles for people: view ⊂ edit ⊂ admin, gathered by labels so that extensions can add to them. */
const label = (role: string) => ({ [`rbac.authorization.k8s.io/aggregate-to-${role}`]: "true" });

const CORE_EDIT = ["configmaps", "events", "persistentvolumeclaims", "replicationcontrollers", "replicationcontrollers/scale", "services"];
const CORE_VIEW = [
  ...[
    "configmaps",
    "endpoints",
    "persistentvolumeclaims",
    "persistentvolumeclaims/status",
    "pods",
    "replicationcontrollers",
    "replicationcontrollers/scale",
  ],
  ...["serviceaccounts", "services", "services/status"],
];
const APPS_EDIT = [
  ...[
    "daemonsets",
    "deployments",
    "deployments/rollback",
    "deployments/scale",
    "replicasets",
    "replicasets/scale",
    "statefulsets",
    "statefulsets/scale",
  ],
];
const APPS_VIEW = [
  ...["controllerrevisions", "daemonsets", "daemonsets/status", "deployments", "deployments/scale", "deployments/status"],
  ...["replicasets", "replicasets/scale", "replicasets/status", "statefulsets", "statefulsets/scale", "statefulsets/status"],
];

export const USER_ROLES: BootstrapRole[] = [
  { name: "admin", rules: [], aggregate: [label("admin")] },
  { name: "edit", labels: label("admin"), rules: [], aggregate: [label("edit")] },
  { name: "view", labels: label("edit"), rules: [], aggregate: [label("view")] },
  {
    name: "system:aggregate-to-admin",
    labels: label("admin"),
    rules: [
      rule(["create"], "authorization.k8s.io", ["localsubjectaccessreviews"]),
      rule([...READ, ...WRITE], "rbac.authorization.k8s.io", ["roles", "rolebindings"]),
    ],
  },
  {
    name: "system:aggregate-to-edit",
    labels: label("edit"),
    rules: [
      rule(READ, "", ["pods/attach", "pods/proxy", "secrets", "services/proxy", "pods/exec", "pods/portforward"]),
      rule(["impersonate"], "", ["serviceaccounts"]),
      rule(WRITE, "", ["pods", "pods/attach", "pods/exec", "pods/portforward", "pods/proxy"]),
      rule(["create"], "", ["pods/eviction"]),
      rule(WRITE, "", [...CORE_EDIT, "endpoints", "secrets", "serviceaccounts", "services/proxy"]),
      rule(["create"], "", ["serviceaccounts/token"]),
      rule(WRITE, "apps", APPS_EDIT),
      rule(WRITE, "autoscaling", ["horizontalpodautoscalers"]),
      rule(WRITE, "batch", ["cronjobs", "jobs"]),
      rule(WRITE, "policy", ["poddisruptionbudgets"]),
      rule(WRITE, "networking.k8s.io", ["networkpolicies", "ingresses"]),
      rule([...READ, ...WRITE], "coordination.k8s.io", ["leases"]),
    ],
  },
  {
    name: "system:aggregate-to-view",
    labels: label("view"),
    rules: [
      rule(READ, "", CORE_VIEW),
      rule(READ, "", [
        "bindings",
        "events",
        "limitranges",
        "namespaces/status",
        "pods/log",
        "pods/status",
        "replicationcontrollers/status",
        "resourcequotas",
        "resourcequotas/status",
      ]),
      rule(READ, "", ["namespaces"]),
      rule(READ, "discovery.k8s.io", ["endpointslices"]),
      rule(READ, "apps", APPS_VIEW),
      rule(READ, "autoscaling", ["horizontalpodautoscalers", "horizontalpodautoscalers/status"]),
      rule(READ, "batch", ["cronjobs", "cronjobs/status", "jobs", "jobs/status"]),
      rule(READ, "policy", ["poddisruptionbudgets", "poddisruptionbudgets/status"]),
      rule(READ, "networking.k8s.io", ["ingresses", "ingresses/status", "networkpolicies"]),
    ],
  },
];
