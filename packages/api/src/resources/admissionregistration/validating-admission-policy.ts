import { ageColumn, column, defineResource, nameColumn, statusSubresource } from "../../define.ts";
import type { ValidatingAdmissionPolicy } from "../../types.ts";
import { validatePolicy } from "../../validation/admission-policy.ts";
import { defaultMatchResources } from "../../validation/admission-rules.ts";

export const validatingAdmissionPolicies = defineResource<ValidatingAdmissionPolicy>({
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "ValidatingAdmissionPolicy",
  resource: "validatingadmissionpolicies",
  schema: "admissionregistration/v1.ValidatingAdmissionPolicy",
  namespaced: false,
  categories: ["api-extensions"],
  subresources: [statusSubresource("ValidatingAdmissionPolicy")],
  table: [
    nameColumn(),
    column("Validations", ({ spec }) => spec?.validations?.length ?? 0, { type: "integer" }),
    column("ParamKind", ({ spec }) => (spec?.paramKind ? `${spec.paramKind.apiVersion ?? ""}/${spec.paramKind.kind ?? ""}` : "<unset>")),
    ageColumn(),
  ],
  defaults(policy) {
    const spec = (policy.spec ??= {});
    spec.failurePolicy ??= "Fail";
    if (spec.matchConstraints) defaultMatchResources(spec.matchConstraints);
  },
  strategy: { tracksGeneration: true, allowUnconditionalUpdate: false, validate: validatePolicy },
});
