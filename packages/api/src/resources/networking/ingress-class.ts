import { ageColumn, column, defineResource, nameColumn } from "../../define.ts";
import type { IngressClass } from "../../types.ts";
import { immutable } from "../../validation/common.ts";
import { validateIngressClass } from "../../validation/ingress.ts";
import { NONE } from "../pod-columns.ts";

export const ingressClasses = defineResource<IngressClass>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "IngressClass",
  resource: "ingressclasses",
  schema: "networking/v1.IngressClass",
  namespaced: false,
  table: [nameColumn(), column("Controller", ({ spec }) => spec?.controller ?? ""), column("Parameters", parameters), ageColumn()],
  defaults({ spec }) {
    if (spec?.parameters) spec.parameters.scope ??= "Cluster";
  },
  strategy: {
    tracksGeneration: true,
    validate: validateIngressClass,
    validateUpdate: ({ spec }, old, errors) => immutable("spec.controller", spec?.controller, old.spec?.controller, errors),
  },
});

function parameters({ spec }: IngressClass): string {
  const reference = spec?.parameters;
  if (!reference) return NONE;
  const group = reference.apiGroup === undefined ? "" : `.${reference.apiGroup}`;
  return `${reference.kind}${group}/${reference.name}`;
}
