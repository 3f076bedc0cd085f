import { ageColumn, column, defineResource, nameColumn, statusSubresource, wideColumn } from "../../define.ts";
import { asPrefix, dns1035LabelErrors } from "../../names.ts";
import type { Service } from "../../types.ts";
import { validateService, validateServiceUpdate } from "../../validation/service.ts";
import { formatLabels, NONE } from "../pod-columns.ts";

export const services = defineResource<Service>({
  group: "",
  version: "v1",
  kind: "Service",
  resource: "services",
  schema: "core/v1.Service",
  shortNames: ["svc"],
  categories: ["all"],
  verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
  subresources: [
    { name: "proxy", kind: "ServiceProxyOptions", verbs: ["create", "delete", "get", "patch", "update"], style: "connect" },
    statusSubresource("Service"),
  ],
  table: [
    nameColumn(),
    column("Type", (service) => service.spec?.type ?? ""),
    column("Cluster-IP", (service) => service.spec?.clusterIP || NONE),
    column("External-IP", externalIp),
    column("Port(s)", ports),
    ageColumn(),
    wideColumn("Selector", (service) => formatLabels(service.spec?.selector)),
  ],
  defaults(service) {
    const spec = (service.spec ??= {});
    spec.type ||= "ClusterIP";
    spec.sessionAffinity ||= "None";
    if (spec.sessionAffinity === "ClientIP") {
      spec.sessionAffinityConfig ??= {};
      spec.sessionAffinityConfig.clientIP ??= {};
      spec.sessionAffinityConfig.clientIP.timeoutSeconds ??= 10_800;
    }
    if (spec.type !== "ExternalName") spec.internalTrafficPolicy ||= "Cluster";
    if (spec.type === "NodePort" || spec.type === "LoadBalancer") spec.externalTrafficPolicy ||= "Cluster";
    if (spec.type === "LoadBalancer") spec.allocateLoadBalancerNodePorts ??= true;
    for (const port of spec.ports ?? []) {
      port.protocol ||= "TCP";
      if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === "") port.targetPort = port.port;
    }
  },
  strategy: {
    nameErrors: (name, prefix) => dns1035LabelErrors(asPrefix(name, prefix)),
    prepareForCreate(service) {
      service.status = { loadBalancer: {} };
    },
    prepareForUpdate(service, old) {
      // A PUT that leaves them out means "as they are", as long as the type still has them.
      const [spec, before] = [service.spec!, old.spec ?? {}];
      if (spec.type === "ExternalName") return;
      spec.clusterIP ||= before.clusterIP;
      if (spec.clusterIPs === undefined && spec.clusterIP === before.clusterIP) spec.clusterIPs = before.clusterIPs;
    },
    validate: validateService,
    validateUpdate: validateServiceUpdate,
  },
  selectableFields: {
    "spec.clusterIP": (service) => service.spec?.clusterIP ?? "",
    "spec.type": (service) => service.spec?.type ?? "",
  },
});

function externalIp(service: Service): string {
  const { type, externalIPs = [], externalName } = service.spec ?? {};
  if (type === "ExternalName") return externalName ?? "";
  const ingress = (service.status?.loadBalancer?.ingress ?? []).map((each) => each.ip ?? each.hostname ?? "").filter((text) => text !== "");
  if (type === "LoadBalancer") return [...ingress, ...externalIPs].join(",") || "<pending>";
  return externalIPs.join(",") || NONE;
}

function ports(service: Service): string {
  const all = service.spec?.ports ?? [];
  return all.map(({ port, nodePort, protocol }) => `${port}${nodePort ? `:${nodePort}` : ""}/${protocol ?? "TCP"}`).join(",") || NONE;
}
