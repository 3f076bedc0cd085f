import { ageColumn, column, defineResource, nameColumn } from "../../define.ts";
import { formatLabelSelector } from "../../selectors.ts";
import type { NetworkPolicy } from "../../types.ts";
import { validateNetworkPolicy } from "../../validation/network-policy.ts";

export const networkPolicies = defineResource<NetworkPolicy>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "NetworkPolicy",
  resource: "networkpolicies",
  schema: "networking/v1.NetworkPolicy",
  shortNames: ["netpol"],
  table: [nameColumn(), column("Pod-Selector", ({ spec }) => formatLabelSelector(spec?.podSelector)), ageColumn()],
  defaults({ spec }) {
    if (!spec) return;
    for (const { ports } of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) for (const port of ports ?? []) port.protocol ??= "TCP";
    if ((spec.policyTypes ?? []).length === 0) spec.policyTypes = (spec.egress ?? []).length > 0 ? ["Ingress", "Egress"] : ["Ingress"];
  },
  strategy: { tracksGeneration: true, validate: validateNetworkPolicy },
});
