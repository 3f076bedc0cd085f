import { defaultPodOnly, defaultPodSpec } from "../../defaults/pod-spec.ts";
import { ageColumn, column, defineResource, nameColumn, statusSubresource, wideColumn } from "../../define.ts";
import type { SubresourceDefinition } from "../../definition.ts";
import { jsonEqual } from "../../json-equal.ts";
import { isConditionTrue, isPodTerminal, podQosClass } from "../../pod.ts";
import type { Pod } from "../../types.ts";
import {
  podWarnings,
  validateEphemeralUpdate,
  validatePod,
  validatePodCreate,
  validatePodStatusUpdate,
  validatePodUpdate,
} from "../../validation/pod.ts";
import { NONE, summarizePod } from "../pod-columns.ts";

const connect = (name: string, kind: string, verbs: SubresourceDefinition["verbs"]): SubresourceDefinition => ({
  name,
  kind,
  verbs,
  style: "connect",
});

export const pods = defineResource<Pod>({
  group: "",
  version: "v1",
  kind: "Pod",
  resource: "pods",
  schema: "core/v1.Pod",
  shortNames: ["po"],
  categories: ["all"],
  subresources: [
    connect("attach", "PodAttachOptions", ["create", "get"]),
    { name: "binding", kind: "Binding", verbs: ["create"], style: "create" },
    {
      name: "ephemeralcontainers",
      kind: "Pod",
      verbs: ["get", "patch", "update"],
      style: "object",
      strategy: {
        // Only the list of ephemeral containers may change.
        prepareForUpdate(pod, old) {
          const added = pod.spec?.ephemeralContainers;
          pod.spec = { ...old.spec!, ...(added ? { ephemeralContainers: added } : {}) };
          pod.status = old.status;
          pod.metadata = { ...old.metadata, resourceVersion: pod.metadata.resourceVersion };
        },
        validateUpdate: validateEphemeralUpdate,
      },
    },
    { name: "eviction", kind: "Eviction", group: "policy", version: "v1", verbs: ["create"], style: "create" },
    connect("exec", "PodExecOptions", ["create", "get"]),
    connect("log", "Pod", ["get"]),
    connect("portforward", "PodPortForwardOptions", ["create", "get"]),
    connect("proxy", "PodProxyOptions", ["create", "delete", "get", "patch", "update"]),
    {
      name: "resize",
      kind: "Pod",
      verbs: ["get", "patch", "update"],
      style: "object",
      strategy: {
        prepareForUpdate(pod, old) {
          pod.status = old.status;
          const asked = new Map((pod.spec?.containers ?? []).map((container) => [container.name, container.resources]));
          const containers = (old.spec?.containers ?? []).map((container) => ({
            ...container,
            resources: asked.get(container.name) ?? container.resources,
          }));
          pod.spec = { ...old.spec!, containers };
        },
        validateUpdate: validatePodUpdate,
      },
    },
    statusSubresource("Pod", {
      prepareForUpdate(pod, old) {
        pod.metadata.ownerReferences = old.metadata.ownerReferences;
        syncAddresses(pod);
        if (pod.status && old.status?.qosClass) pod.status.qosClass = old.status.qosClass;
      },
      validateUpdate: validatePodStatusUpdate,
    }),
  ],
  table: [
    nameColumn(),
    column("Ready", (pod, now_ms) => summarizePod(pod, now_ms).ready),
    column("Status", (pod, now_ms) => summarizePod(pod, now_ms).status),
    column("Restarts", (pod, now_ms) => summarizePod(pod, now_ms).restarts),
    ageColumn(),
    wideColumn("IP", (pod) => pod.status?.podIPs?.[0]?.ip || pod.status?.podIP || NONE),
    wideColumn("Node", (pod) => pod.spec?.nodeName || NONE),
    wideColumn("Nominated Node", (pod) => pod.status?.nominatedNodeName || NONE),
    wideColumn("Readiness Gates", readinessGates),
  ],
  defaults(pod) {
    pod.spec ??= { containers: [] };
    defaultPodOnly(pod.spec);
    defaultPodSpec(pod.spec);
  },
  strategy: {
    prepareForCreate(pod) {
      pod.status = { phase: "Pending", qosClass: podQosClass(pod.spec!) };
      const gated = (pod.spec?.schedulingGates?.length ?? 0) > 0;
      if (gated) {
        const message = "Scheduling is blocked due to non-empty scheduling gates";
        pod.status.conditions = [{ type: "PodScheduled", status: "False", reason: "SchedulingGated", message }];
      }
    },
    prepareForUpdate(pod, old) {
      if (jsonEqual(pod.spec?.ephemeralContainers, old.spec?.ephemeralContainers)) return;
      if (old.spec?.ephemeralContainers) pod.spec!.ephemeralContainers = old.spec.ephemeralContainers;
      else delete pod.spec!.ephemeralContainers;
    },
    validate: validatePod,
    validateCreate: validatePodCreate,
    validateUpdate: validatePodUpdate,
    warnings: podWarnings,
    gracePeriodSeconds(pod, asked) {
      if (!pod.spec?.nodeName || isPodTerminal(pod)) return 0;
      const grace_seconds = asked ?? pod.spec.terminationGracePeriodSeconds ?? 30;
      return grace_seconds < 0 ? 1 : grace_seconds;
    },
  },
  selectableFields: {
    "spec.nodeName": (pod) => pod.spec?.nodeName ?? "",
    "spec.restartPolicy": (pod) => pod.spec?.restartPolicy ?? "",
    "spec.schedulerName": (pod) => pod.spec?.schedulerName ?? "",
    "spec.serviceAccountName": (pod) => pod.spec?.serviceAccountName ?? "",
    "spec.hostNetwork": (pod) => String(pod.spec?.hostNetwork ?? false),
    "status.phase": (pod) => pod.status?.phase ?? "",
    "status.podIP": (pod) => pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP ?? "",
    "status.podIPs": (pod) => pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP ?? "",
    "status.nominatedNodeName": (pod) => pod.status?.nominatedNodeName ?? "",
  },
});

/** Who writes podIP alone means the first of podIPs. */
function syncAddresses({ status }: Pod): void {
  if (status?.podIP && (status.podIPs ?? []).length === 0) status.podIPs = [{ ip: status.podIP }];
}

function readinessGates(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return NONE;
  const open = gates.filter((gate) => isConditionTrue(pod.status?.conditions, gate.conditionType));
  return `${open.length}/${gates.length}`;
}
