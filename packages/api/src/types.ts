import type * as k8s from "@kubernetes/client-node";

/** A client-node model as it stands on the wire: times are RFC 3339 strings, and a member named by a keyword has no "_" before it. */
export type Wire<T> = T extends Date
  ? string
  : T extends (infer U)[]
    ? Wire<U>[]
    : T extends object
      ? { [K in keyof T as K extends `_${infer Keyword}` ? Keyword : K]: Wire<T[K]> }
      : T;

type Obj<T> = Wire<T> & { apiVersion?: string; kind?: string; metadata: ObjectMeta };

export type ObjectMeta = Wire<k8s.V1ObjectMeta>;
export type OwnerReference = Wire<k8s.V1OwnerReference>;
export type LabelSelector = Wire<k8s.V1LabelSelector>;

/** Any object: what generic code (storage, garbage collection, namespaces) works on. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

export type Pod = Obj<k8s.V1Pod>;
export type PodSpec = Wire<k8s.V1PodSpec>;
export type PodStatus = Wire<k8s.V1PodStatus>;
export type PodTemplateSpec = Wire<k8s.V1PodTemplateSpec>;
export type Container = Wire<k8s.V1Container>;
export type EphemeralContainer = Wire<k8s.V1EphemeralContainer>;
export type ContainerStatus = Wire<k8s.V1ContainerStatus>;
export type Node = Obj<k8s.V1Node>;
export type Namespace = Obj<k8s.V1Namespace>;
export type Service = Obj<k8s.V1Service>;
export type Endpoints = Obj<k8s.V1Endpoints>;
export type EndpointSlice = Obj<k8s.V1EndpointSlice>;
export type ConfigMap = Obj<k8s.V1ConfigMap>;
export type Secret = Obj<k8s.V1Secret>;
export type ServiceAccount = Obj<k8s.V1ServiceAccount>;
export type Event = Obj<k8s.CoreV1Event>;
export type Lease = Obj<k8s.V1Lease>;
export type Deployment = Obj<k8s.V1Deployment>;
export type ReplicaSet = Obj<k8s.V1ReplicaSet>;
export type DaemonSet = Obj<k8s.V1DaemonSet>;
export type RuntimeClass = Obj<k8s.V1RuntimeClass>;
export type CertificateSigningRequest = Obj<k8s.V1CertificateSigningRequest>;
export type Role = Obj<k8s.V1Role>;
export type RoleBinding = Obj<k8s.V1RoleBinding>;
export type ClusterRole = Obj<k8s.V1ClusterRole>;
export type ClusterRoleBinding = Obj<k8s.V1ClusterRoleBinding>;
export type StatefulSet = Obj<k8s.V1StatefulSet>;
export type ControllerRevision = Obj<k8s.V1ControllerRevision>;
export type Job = Obj<k8s.V1Job>;
export type CronJob = Obj<k8s.V1CronJob>;
export type Ingress = Obj<k8s.V1Ingress>;
export type IngressClass = Obj<k8s.V1IngressClass>;
export type NetworkPolicy = Obj<k8s.V1NetworkPolicy>;
export type PodDisruptionBudget = Obj<k8s.V1PodDisruptionBudget>;
export type PriorityClass = Obj<k8s.V1PriorityClass>;
export type StorageClass = Obj<k8s.V1StorageClass>;
export type PersistentVolume = Obj<k8s.V1PersistentVolume>;
export type PersistentVolumeClaim = Obj<k8s.V1PersistentVolumeClaim>;
export type ReplicationController = Obj<k8s.V1ReplicationController>;
export type ResourceQuota = Obj<k8s.V1ResourceQuota>;
export type LimitRange = Obj<k8s.V1LimitRange>;
export type PodTemplate = Obj<k8s.V1PodTemplate>;
export type HorizontalPodAutoscalerV1 = Obj<k8s.V1HorizontalPodAutoscaler>;
export type HorizontalPodAutoscaler = Obj<k8s.V2HorizontalPodAutoscaler>;
export type Volume = Wire<k8s.V1Volume>;
export type Probe = Wire<k8s.V1Probe>;
export type ServiceSpec = Wire<k8s.V1ServiceSpec>;
export type ValidatingWebhookConfiguration = Obj<k8s.V1ValidatingWebhookConfiguration>;
export type MutatingWebhookConfiguration = Obj<k8s.V1MutatingWebhookConfiguration>;
export type ValidatingAdmissionPolicy = Obj<k8s.V1ValidatingAdmissionPolicy>;
export type ValidatingAdmissionPolicyBinding = Obj<k8s.V1ValidatingAdmissionPolicyBinding>;
export type APIService = Obj<k8s.V1APIService>;
export type CustomResourceDefinition = Obj<k8s.V1CustomResourceDefinition>;

/** metrics.k8s.io/v1beta1 */
export interface NodeMetrics extends KubeObject {
  timestamp: string;
  /** Go duration that the usage is an average over. */
  window: string;
  usage: Record<string, string>;
}

export interface PodMetrics extends KubeObject {
  timestamp: string;
  window: string;
  containers: { name: string; usage: Record<string, string> }[];
}
export type VolumeAttachment = Obj<k8s.V1VolumeAttachment>;
export type CSIDriver = Obj<k8s.V1CSIDriver>;
export type CSINode = Obj<k8s.V1CSINode>;
export type CSIStorageCapacity = Obj<k8s.V1CSIStorageCapacity>;
export type ComponentStatus = Obj<k8s.V1ComponentStatus>;
export type FlowSchema = Obj<k8s.V1FlowSchema>;
export type PriorityLevelConfiguration = Obj<k8s.V1PriorityLevelConfiguration>;
