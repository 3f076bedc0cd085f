import { ageColumn, column, defineResource, nameColumn, statusSubresource } from "../../define.ts";
import type { Ingress } from "../../types.ts";
import { CLASS_ANNOTATION, validateIngress, validateIngressCreate } from "../../validation/ingress.ts";
import { NONE } from "../pod-columns.ts";

const HOSTS_SHOWN_MAX = 3;

export const ingresses = defineResource<Ingress>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "Ingress",
  resource: "ingresses",
  schema: "networking/v1.Ingress",
  shortNames: ["ing"],
  subresources: [statusSubresource("Ingress")],
  table: [
    nameColumn(),
    column("Class", ({ spec }) => spec?.ingressClassName ?? NONE),
    column("Hosts", hosts),
    column("Address", address),
    column("Ports", ({ spec }) => ((spec?.tls ?? []).length > 0 ? "80, 443" : "80")),
    ageColumn(),
  ],
  strategy: {
    tracksGeneration: true,
    prepareForCreate(ingress) {
      ingress.status = { loadBalancer: {} };
    },
    validate(ingress, errors) {
      validateIngress(ingress, errors);
      if (ingress.metadata.resourceVersion === undefined) validateIngressCreate(ingress, errors);
    },
    warnings: (ingress, old) =>
      !old && ingress.metadata.annotations?.[CLASS_ANNOTATION] !== undefined
        ? [`annotation "${CLASS_ANNOTATION}" is deprecated, please use 'spec.ingressClassName' instead`]
        : [],
  },
});

function hosts({ spec }: Ingress): string {
  const all = (spec?.rules ?? []).map(({ host }) => host ?? "").filter((host) => host !== "");
  if (all.length === 0) return "*";
  const more = all.length > HOSTS_SHOWN_MAX ? ` + ${all.length - HOSTS_SHOWN_MAX} more...` : "";
  return all.slice(0, HOSTS_SHOWN_MAX).join(",") + more;
}

function address({ status }: Ingress): string {
  const all = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || "");
  return [...new Set(all)]
    .filter((text) => text !== "")
    .sort()
    .join(",");
}
