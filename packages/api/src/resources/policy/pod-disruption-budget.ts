import { ageColumn, column, defineResource, nameColumn, statusSubresource } from "../../define.ts";
import { type IntOrString, isPercent } from "../../int-or-string.ts";
import type { PodDisruptionBudget } from "../../types.ts";
import { nonNegative, optionalOneOf, validateLabelSelector } from "../../validation/common.ts";
import { countOrPercent } from "../../validation/deployment.ts";

const COUNTS = ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"] as const;

export const podDisruptionBudgets = defineResource<PodDisruptionBudget>({
  group: "policy",
  version: "v1",
  kind: "PodDisruptionBudget",
  resource: "poddisruptionbudgets",
  schema: "policy/v1.PodDisruptionBudget",
  shortNames: ["pdb"],
  subresources: [
    statusSubresource<PodDisruptionBudget>("PodDisruptionBudget", {
      validateUpdate({ status }, _old, errors) {
        for (const name of COUNTS) nonNegative(`status.${name}`, status?.[name], errors);
      },
    }),
  ],
  table: [
    nameColumn(),
    column("Min Available", ({ spec }) => String(spec?.minAvailable ?? "N/A")),
    column("Max Unavailable", ({ spec }) => String(spec?.maxUnavailable ?? "N/A")),
    column("Allowed Disruptions", ({ status }) => status?.disruptionsAllowed ?? 0, { type: "integer" }),
    ageColumn(),
  ],
  strategy: {
    tracksGeneration: true,
    prepareForCreate(budget) {
      budget.status = { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 };
    },
    validate({ spec }, errors) {
      const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy } = spec ?? {};
      if (minAvailable !== undefined && maxUnavailable !== undefined) {
        errors.invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set");
      }
      for (const [name, value] of Object.entries({ minAvailable, maxUnavailable }) as [string, IntOrString | undefined][]) {
        if (value === undefined) continue;
        const count = countOrPercent(`spec.${name}`, value, errors);
        if (count > 100 && isPercent(value)) errors.invalid(`spec.${name}`, value, "must not be greater than 100%");
      }
      validateLabelSelector(selector, "spec.selector", errors);
      optionalOneOf("spec.unhealthyPodEvictionPolicy", unhealthyPodEvictionPolicy, ["AlwaysAllow", "IfHealthyBudget"], errors);
    },
  },
});
