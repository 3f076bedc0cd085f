import { ageColumn, column, defineResource, nameColumn, statusSubresource, wideColumn } from "../../define.ts";
import { asPrefix, dns1035LabelErrors } from "../../names.ts";
import { isExternallyAccessible, takesAddress } from "../../service.ts";
import { dropWhatTypeLost, keepAllocated, syncAddresses } from "../../service-update.ts";
import type { Service } from "../../types.ts";
import { validateService, validateServiceUpdate } from "../../validation/service.ts";
import { validateServiceStatus } from "../../validation/service-load-balancer.ts";
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
    statusSubresource<Service>("Service", { validateUpdate: validateServiceStatus }),
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
    if (spec.sessionAffinity === "None") delete spec.sessionAffinityConfig;
    if (takesAddress(spec)) spec.internalTrafficPolicy ??= "Cluster";
    if (isExternallyAccessible(spec)) spec.externalTrafficPolicy ||= "Cluster";
    if (spec.type === "LoadBalancer") {
      spec.allocateLoadBalancerNodePorts ??= true;
      for (const ingress of service.status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= "VIP";
    }
    for (const port of spec.ports ?? []) {
      port.protocol ||= "TCP";
      if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === "") port.targetPort = port.port ?? 0;
    }
  },
  strategy: {
    nameErrors: (name, prefix) => dns1035LabelErrors(asPrefix(name, prefix)),
    prepareForCreate(service) {
      service.status = { loadBalancer: {} };
      syncAddresses(service.spec!, undefined);
    },
    prepareForUpdate(service, old) {
      const [spec, before] = [service.spec!, old.spec ?? {}];
      keepAllocated(spec, before);
      syncAddresses(spec, before);
      dropWhatTypeLost(spec, before);
    },
    checksUpdateFirst: true,
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
