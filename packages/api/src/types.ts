import type * as k8s from "@kubernetes/client-node";

/** A client-node model as it stands on the wire: times are RFC 3339 strings. */
export type Wire<T> = T extends Date ? string : T extends (infer U)[] ? Wire<U>[] : T extends object ? { [K in keyof T]: Wire<T[K]> } : T;

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
