import type { PolicyRule } from "../authz/authorizer.ts";
import type { BootstrapRole } from "./policy.ts";
import { READ, rule } from "./policy-rules.ts";

const EVENTS = rule(["create", "patch", "update"], ["", "events.k8s.io"], ["events"]);
const POD_CONTROL = ["create", "delete", "get", "list", "patch", "update", "watch"];
const OWN = ["create", "delete", "get", "list", "patch", "update", "watch"];

const role = (name: string, ...rules: PolicyRule[]): BootstrapRole => ({ name: `system:controller:${name}`, rules: [...rules, EVENTS] });
const workload = (name: string, group: string, resource: string, ...more: PolicyRule[]): BootstrapRole =>
  role(
    name,
    rule([...READ, "update"], group, [resource]),
    rule(["update"], group, [`${resource}/status`, `${resource}/finalizers`]),
    rule(POD_CONTROL, "", ["pods"]),
    ...more,
  );

/** One role per controller, for those who run controllers with service accounts of their own. */
const EACH: BootstrapRole[] = [
  role(
    "attachdetach-controller",
    rule(["list", "watch"], "", ["persistentvolumes", "persistentvolumeclaims"]),
    rule([...READ], "", ["nodes", "pods"]),
    rule(["patch", "update"], "", ["nodes/status"]),
    rule(OWN, "storage.k8s.io", ["volumeattachments"]),
  ),
  role(
    "certificate-controller",
    rule([...READ, "delete"], "certificates.k8s.io", ["certificatesigningrequests"]),
    rule(["update"], "certificates.k8s.io", ["certificatesigningrequests/approval", "certificatesigningrequests/status"]),
    rule(["approve", "sign"], "certificates.k8s.io", ["signers"]),
    rule(["create"], "authorization.k8s.io", ["subjectaccessreviews"]),
  ),
  role(
    "clusterrole-aggregation-controller",
    rule(["escalate", "get", "list", "patch", "update", "watch"], "rbac.authorization.k8s.io", ["clusterroles"]),
  ),
  workload("cronjob-controller", "batch", "cronjobs", rule(OWN, "batch", ["jobs"])),
  workload(
    "daemon-set-controller",
    "apps",
    "daemonsets",
    rule(["list", "watch"], "", ["nodes"]),
    rule(["create"], "", ["pods/binding"]),
    rule(OWN, "apps", ["controllerrevisions"]),
  ),
  workload("deployment-controller", "apps", "deployments", rule(OWN, "apps", ["replicasets"])),
  role(
    "disruption-controller",
    rule(READ, "", ["pods", "replicationcontrollers"]),
    rule(READ, "apps", ["deployments", "replicasets", "statefulsets"]),
    rule(READ, "policy", ["poddisruptionbudgets"]),
    rule(["update"], "policy", ["poddisruptionbudgets/status"]),
    rule(["get"], "*", ["*/scale"]),
  ),
  role(
    "endpoint-controller",
    rule(READ, "", ["pods", "services"]),
    rule(OWN, "", ["endpoints"]),
    rule(["create"], "", ["endpoints/restricted"]),
  ),
  role(
    "endpointslice-controller",
    rule(READ, "", ["nodes", "pods", "services"]),
    rule(["update"], "", ["services/finalizers"]),
    rule(OWN, "discovery.k8s.io", ["endpointslices"]),
  ),
  role(
    "endpointslicemirroring-controller",
    rule(READ, "", ["endpoints", "services"]),
    rule(["update"], "", ["endpoints/finalizers"]),
    rule(OWN, "discovery.k8s.io", ["endpointslices"]),
  ),
  role(
    "ephemeral-volume-controller",
    rule(READ, "", ["pods"]),
    rule(["update"], "", ["pods/finalizers"]),
    rule([...READ, "create"], "", ["persistentvolumeclaims"]),
  ),
  role(
    "expand-controller",
    rule([...READ, "patch", "update"], "", ["persistentvolumes"]),
    rule(READ, "", ["persistentvolumeclaims"]),
    rule(["patch", "update"], "", ["persistentvolumeclaims/status"]),
  ),
  role("generic-garbage-collector", rule(["delete", "get", "list", "patch", "update", "watch"], "*", ["*"])),
  role(
    "horizontal-pod-autoscaler",
    rule(READ, "autoscaling", ["horizontalpodautoscalers"]),
    rule(["update"], "autoscaling", ["horizontalpodautoscalers/status"]),
    rule(["get", "update"], "*", ["*/scale"]),
    rule(READ, "", ["pods"]),
    rule(READ, "metrics.k8s.io", ["pods"]),
  ),
  workload("job-controller", "batch", "jobs"),
  role(
    "namespace-controller",
    rule([...READ, "delete"], "", ["namespaces"]),
    rule(["update"], "", ["namespaces/finalize", "namespaces/status"]),
    rule(["delete", "deletecollection", "get", "list"], "*", ["*"]),
  ),
  role(
    "node-controller",
    rule([...READ, "delete", "patch", "update"], "", ["nodes"]),
    rule(["patch", "update"], "", ["nodes/status", "pods/status"]),
    rule([...READ, "delete"], "", ["pods"]),
  ),
  role(
    "persistent-volume-binder",
    rule(OWN, "", ["persistentvolumes"]),
    rule(["update"], "", ["persistentvolumes/status", "persistentvolumeclaims/status"]),
    rule([...READ, "update"], "", ["persistentvolumeclaims"]),
    rule(READ, "storage.k8s.io", ["storageclasses"]),
    rule(READ, "", ["nodes", "pods"]),
  ),
  role(
    "pod-garbage-collector",
    rule([...READ, "delete"], "", ["pods"]),
    rule(READ, "", ["nodes"]),
    rule(["patch", "update"], "", ["pods/status"]),
  ),
  role("pv-protection-controller", rule([...READ, "update"], "", ["persistentvolumes"])),
  role("pvc-protection-controller", rule([...READ, "update"], "", ["persistentvolumeclaims"]), rule(READ, "", ["pods"])),
  workload("replicaset-controller", "apps", "replicasets"),
  workload("replication-controller", "", "replicationcontrollers"),
  role("resourcequota-controller", rule(["list", "watch"], "*", ["*"]), rule(["update"], "", ["resourcequotas/status"])),
  role("root-ca-cert-publisher", rule(["create", "get", "list", "update", "watch"], "", ["configmaps"]), rule(READ, "", ["namespaces"])),
  role("route-controller", rule(["list", "watch"], "", ["nodes"]), rule(["patch"], "", ["nodes/status"])),
  role("service-account-controller", rule([...READ, "create"], "", ["serviceaccounts"]), rule(READ, "", ["namespaces"])),
  role("service-controller", rule([...READ], "", ["services", "nodes"]), rule(["patch", "update"], "", ["services/status"])),
  workload(
    "statefulset-controller",
    "apps",
    "statefulsets",
    rule(OWN, "apps", ["controllerrevisions"]),
    rule(["create", "get", "list", "watch"], "", ["persistentvolumeclaims"]),
  ),
  role("ttl-after-finished-controller", rule([...READ, "delete"], "batch", ["jobs"])),
  role("ttl-controller", rule([...READ, "patch", "update"], "", ["nodes"])),
  role(
    "validatingadmissionpolicy-status-controller",
    rule(READ, "admissionregistration.k8s.io", ["validatingadmissionpolicies"]),
    rule(["get", "patch", "update"], "admissionregistration.k8s.io", ["validatingadmissionpolicies/status"]),
    rule(READ, "apiextensions.k8s.io", ["customresourcedefinitions"]),
  ),
];

/** The controller manager itself; without a service account per controller it acts as all of them. */
const MANAGER: BootstrapRole = {
  name: "system:kube-controller-manager",
  rules: [
    rule(["create"], "coordination.k8s.io", ["leases"]),
    rule([...READ, "update"], "coordination.k8s.io", ["leases"]),
    rule(["create", "delete", "get", "list", "update", "watch"], "", ["secrets", "serviceaccounts"]),
    rule(["create"], "", ["serviceaccounts/token"]),
    rule(["create"], "authentication.k8s.io", ["tokenreviews"]),
    rule(["create"], "authorization.k8s.io", ["subjectaccessreviews"]),
    rule(["list", "watch"], "*", ["*"]),
    ...EACH.flatMap(({ rules }) => rules),
  ].filter((one, index, all) => all.findIndex((other) => JSON.stringify(other) === JSON.stringify(one)) === index),
};

export const CONTROLLER_ROLES: BootstrapRole[] = [...EACH, MANAGER];
