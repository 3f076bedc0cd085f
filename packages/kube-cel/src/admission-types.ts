/** What admission shows to expressions besides the object: the request, and the namespace it goes to. */
import { BOOL, type CelType, DYN, INT, listOf, mapOf, objectType, STRING, TIMESTAMP } from "@flotilla/cel";

const strings = (...names: string[]): Record<string, CelType> => Object.fromEntries(names.map((name) => [name, STRING]));

const KIND = objectType("kubernetes.GroupVersionKind", strings("group", "version", "kind"));
const RESOURCE = objectType("kubernetes.GroupVersionResource", strings("group", "version", "resource"));
const USER = objectType("kubernetes.UserInfo", {
  ...strings("username", "uid"),
  groups: listOf(STRING),
  extra: mapOf(STRING, listOf(STRING)),
});

/** AdmissionRequest but for the objects, which have names of their own. */
export const REQUEST = objectType("kubernetes.AdmissionRequest", {
  kind: KIND,
  resource: RESOURCE,
  requestKind: KIND,
  requestResource: RESOURCE,
  ...strings("subResource", "requestSubResource", "name", "namespace", "operation"),
  userInfo: USER,
  dryRun: BOOL,
  options: DYN,
});

const CONDITION = objectType("kubernetes.NamespaceCondition", {
  ...strings("status", "type", "message", "reason"),
  lastTransitionTime: TIMESTAMP,
});
const METADATA = objectType("kubernetes.NamespaceMetadata", {
  ...strings("name", "generateName", "namespace", "uid", "resourceVersion"),
  labels: mapOf(STRING, STRING),
  annotations: mapOf(STRING, STRING),
  creationTimestamp: TIMESTAMP,
  deletionTimestamp: TIMESTAMP,
  deletionGracePeriodSeconds: INT,
  generation: INT,
  finalizers: listOf(STRING),
});

export const NAMESPACE = objectType("kubernetes.Namespace", {
  metadata: METADATA,
  spec: objectType("kubernetes.NamespaceSpec", { finalizers: listOf(STRING) }),
  status: objectType("kubernetes.NamespaceStatus", { conditions: listOf(CONDITION), phase: STRING }),
});
