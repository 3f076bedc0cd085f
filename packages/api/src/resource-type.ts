import type * as t from "./types.ts";

/**
 * Names one resource, and ties it to its TypeScript type:
 * `client.list(Pods, …)` yields Pod objects.
 */
export interface ResourceType<T = t.KubeObject> {
  readonly group: string; // "" is the core group
  readonly version: string;
  readonly resource: string; // plural
  readonly kind: string;
  readonly namespaced: boolean;
  /** Phantom: never set, only carries T. */
  readonly _type?: T;
}

const define = <T>(group: string, version: string, resource: string, kind: string, namespaced = true): ResourceType<T> => ({
  group,
  version,
  resource,
  kind,
  namespaced,
});

export const Pods = define<t.Pod>("", "v1", "pods", "Pod");
export const Nodes = define<t.Node>("", "v1", "nodes", "Node", false);
export const Namespaces = define<t.Namespace>("", "v1", "namespaces", "Namespace", false);
export const Services = define<t.Service>("", "v1", "services", "Service");
export const EndpointsResource = define<t.Endpoints>("", "v1", "endpoints", "Endpoints");
export const EndpointSlices = define<t.EndpointSlice>("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice");
export const ConfigMaps = define<t.ConfigMap>("", "v1", "configmaps", "ConfigMap");
export const Secrets = define<t.Secret>("", "v1", "secrets", "Secret");
export const ServiceAccounts = define<t.ServiceAccount>("", "v1", "serviceaccounts", "ServiceAccount");
export const Events = define<t.Event>("", "v1", "events", "Event");
export const Leases = define<t.Lease>("coordination.k8s.io", "v1", "leases", "Lease");
export const Deployments = define<t.Deployment>("apps", "v1", "deployments", "Deployment");
export const ReplicaSets = define<t.ReplicaSet>("apps", "v1", "replicasets", "ReplicaSet");
export const DaemonSets = define<t.DaemonSet>("apps", "v1", "daemonsets", "DaemonSet");
export const RuntimeClasses = define<t.RuntimeClass>("node.k8s.io", "v1", "runtimeclasses", "RuntimeClass", false);
export const CertificateSigningRequests = define<t.CertificateSigningRequest>(
  "certificates.k8s.io",
  "v1",
  "certificatesigningrequests",
  "CertificateSigningRequest",
  false,
);
export const Roles = define<t.Role>("rbac.authorization.k8s.io", "v1", "roles", "Role");
export const RoleBindings = define<t.RoleBinding>("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding");
export const ClusterRoles = define<t.ClusterRole>("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false);
export const ClusterRoleBindings = define<t.ClusterRoleBinding>(
  "rbac.authorization.k8s.io",
  "v1",
  "clusterrolebindings",
  "ClusterRoleBinding",
  false,
);
export const ResourceQuotas = define<t.ResourceQuota>("", "v1", "resourcequotas", "ResourceQuota");
export const LimitRanges = define<t.LimitRange>("", "v1", "limitranges", "LimitRange");

export const CustomResourceDefinitions = define<t.CustomResourceDefinition>(
  "apiextensions.k8s.io",
  "v1",
  "customresourcedefinitions",
  "CustomResourceDefinition",
  false,
);
export const PersistentVolumes = define<t.PersistentVolume>("", "v1", "persistentvolumes", "PersistentVolume", false);
export const PersistentVolumeClaims = define<t.PersistentVolumeClaim>("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim");
export const PodTemplates = define<t.PodTemplate>("", "v1", "podtemplates", "PodTemplate");
export const ReplicationControllers = define<t.ReplicationController>("", "v1", "replicationcontrollers", "ReplicationController");
export const ControllerRevisions = define<t.ControllerRevision>("apps", "v1", "controllerrevisions", "ControllerRevision");
export const StatefulSets = define<t.StatefulSet>("apps", "v1", "statefulsets", "StatefulSet");
export const HorizontalPodAutoscalers = define<t.HorizontalPodAutoscaler>(
  "autoscaling",
  "v2",
  "horizontalpodautoscalers",
  "HorizontalPodAutoscaler",
);
export const CronJobs = define<t.CronJob>("batch", "v1", "cronjobs", "CronJob");
export const Jobs = define<t.Job>("batch", "v1", "jobs", "Job");
export const Ingresses = define<t.Ingress>("networking.k8s.io", "v1", "ingresses", "Ingress");
export const NetworkPolicies = define<t.NetworkPolicy>("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy");
export const PodDisruptionBudgets = define<t.PodDisruptionBudget>("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget");
export const CSIStorageCapacities = define<t.KubeObject>("storage.k8s.io", "v1", "csistoragecapacities", "CSIStorageCapacity");

/** "v1", "apps/v1". */
export function apiVersionOf(type: ResourceType<unknown>): string {
  return type.group === "" ? type.version : `${type.group}/${type.version}`;
}
