import { ageColumn, column, defineResource, nameColumn } from "../../define.ts";
import { formatLabelSelector } from "../../selectors.ts";
import type { ValidatingAdmissionPolicyBinding } from "../../types.ts";
import { validatePolicyBinding } from "../../validation/admission-policy.ts";
import { defaultMatchResources } from "../../validation/admission-rules.ts";

export const validatingAdmissionPolicyBindings = defineResource<ValidatingAdmissionPolicyBinding>({
  group: "admissionregistration.k8s.io",
  version: "v1",
  kind: "ValidatingAdmissionPolicyBinding",
  resource: "validatingadmissionpolicybindings",
  schema: "admissionregistration/v1.ValidatingAdmissionPolicyBinding",
  namespaced: false,
  categories: ["api-extensions"],
  table: [nameColumn(), column("PolicyName", ({ spec }) => spec?.policyName ?? ""), column("ParamRef", paramRef), ageColumn()],
  defaults({ spec }) {
    if (spec?.matchResources) defaultMatchResources(spec.matchResources);
  },
  strategy: { tracksGeneration: true, allowUnconditionalUpdate: false, validate: validatePolicyBinding },
});

/** "team-a/limits", the all-namespaces form of it, or a selector. */
function paramRef({ spec }: ValidatingAdmissionPolicyBinding): string {
  const ref = spec?.paramRef;
  if (ref?.name) return `${ref.namespace || "*"}/${ref.name}`;
  return ref?.selector ? formatLabelSelector(ref.selector) : "<unset>";
}
