import { ageColumn, column, defineResource, nameColumn, statusSubresource, wideColumn } from "../../define.ts";
import { findCondition } from "../../pod.ts";
import type { Node } from "../../types.ts";
import { syncPodCidrs, validateNode, validateNodeUpdate } from "../../validation/node.ts";

const ROLE_PREFIX = "node-role.kubernetes.io/";
const UNKNOWN = "<unknown>";

export const nodes = defineResource<Node>({
  group: "",
  version: "v1",
  kind: "Node",
  resource: "nodes",
  schema: "core/v1.Node",
  namespaced: false,
  shortNames: ["no"],
  subresources: [
    { name: "proxy", kind: "NodeProxyOptions", verbs: ["create", "delete", "get", "patch", "update"], style: "connect" },
    statusSubresource("Node"),
  ],
  table: [
    nameColumn(),
    column("Status", status),
    column("Roles", roles),
    ageColumn(),
    column("Version", (node) => node.status?.nodeInfo?.kubeletVersion ?? ""),
    wideColumn("Internal-IP", (node) => address(node, "InternalIP")),
    wideColumn("External-IP", (node) => address(node, "ExternalIP")),
    wideColumn("OS-Image", (node) => node.status?.nodeInfo?.osImage || UNKNOWN),
    wideColumn("Kernel-Version", (node) => node.status?.nodeInfo?.kernelVersion || UNKNOWN),
    wideColumn("Container-Runtime", (node) => node.status?.nodeInfo?.containerRuntimeVersion || UNKNOWN),
  ],
  strategy: {
    prepareForCreate: syncPodCidrs,
    keepsStatusOnCreate: true,
    validate: validateNode,
    validateUpdate: validateNodeUpdate,
  },
  selectableFields: { "spec.unschedulable": (node) => String(node.spec?.unschedulable ?? false) },
});

function status(node: Node): string {
  const ready = findCondition(node.status?.conditions, "Ready");
  const words = [ready === undefined ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady"];
  if (node.spec?.unschedulable) words.push("SchedulingDisabled");
  return words.join(",");
}

function roles(node: Node): string {
  const found = new Set<string>();
  for (const [key, value] of Object.entries(node.metadata.labels ?? {})) {
    if (key.startsWith(ROLE_PREFIX) && key.length > ROLE_PREFIX.length) found.add(key.slice(ROLE_PREFIX.length));
    else if (key === "kubernetes.io/role" && value !== "") found.add(value);
  }
  return found.size > 0 ? [...found].sort().join(",") : "<none>";
}

function address(node: Node, type: string): string {
  return node.status?.addresses?.find((each) => each.type === type)?.address ?? "<none>";
}
